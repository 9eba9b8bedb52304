/** What is being done, with the seconds since the beginning: somebody waits for it. */
export function say(what: string): void {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what}`);
}
