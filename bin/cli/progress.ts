import { Presets, SingleBar } from 'cli-progress';

/** A progress bar on standard error; nothing where that is no terminal. */
export function progressBar(what: string): {
  readonly set: (done: number, total: number) => void;
  readonly stop: () => void;
} {
  const bar = new SingleBar(
    {
      format: `${what} {bar} {percentage}% | {value}/{total} | {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
      noTTYOutput: false,
      // One line for each tenth would still fill a log file of a cron job.
      fps: 5,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    set(done, total) {
      if (!started) {
        started = true;
        bar.start(total, done);
      } else {
        bar.setTotal(total);
        bar.update(done);
      }
    },
    stop() {
      if (started) bar.stop();
    },
  };
}
