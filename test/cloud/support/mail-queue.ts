/** The queue before `ingest`, small: what fails comes again after a while, and in the end is set aside. */
import type { Synthesised } from './template.ts';

export interface MailQueue {
  send(body: string): void;
  /** Bodies that were tried as often as they may be. */
  readonly setAside: readonly string[];
  /** Nothing is brought from now on. */
  stop(): void;
}

interface Answer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
}

/** For as long a failed message is hidden. */
const HIDDEN_MS = 50;

export function startMailQueue(
  { batchSize, partial, attempts }: Synthesised['inbound'],
  invoke: (event: object) => Promise<Answer | null>,
): MailQueue {
  if (batchSize !== 1 || !partial) throw new Error('this queue brings one message at a time, and is told which failed');
  const setAside: string[] = [];
  let sent = 0;
  let stopped = false;
  async function bring(messageId: string, body: string, attempt: number): Promise<void> {
    if (stopped) return;
    const event = { Records: [{ messageId, body, eventSource: 'aws:sqs' }] };
    const answer = await invoke(event).catch(() => ({ batchItemFailures: [{ itemIdentifier: messageId }] }));
    if (!answer?.batchItemFailures?.some(({ itemIdentifier }) => itemIdentifier === messageId)) return;
    if (attempt >= attempts) setAside.push(body);
    else setTimeout(() => void bring(messageId, body, attempt + 1), HIDDEN_MS).unref();
  }
  return {
    setAside,
    send: (body) => void bring(`message-${++sent}`, body, 1),
    stop() {
      stopped = true;
    },
  };
}
