import { type Clock, sleep } from '../ops/clock.ts';
import { newId } from '../ops/ids.ts';

/** What a task is told of itself by the container agent. */
export interface TaskIdentity {
  /** Unique among all tasks that ever were. */
  readonly task: string;
  /** Address inside the network, where there is one. */
  readonly address: string | undefined;
}

interface Metadata {
  readonly TaskARN?: string;
  readonly DesiredStatus?: string;
  readonly Containers?: readonly { readonly Networks?: readonly { readonly IPv4Addresses?: readonly string[] }[] }[];
}

/** Outside ECS a task is called by a name of its own making. */
export async function identify(clock: Clock, metadataUrl: string | undefined): Promise<TaskIdentity> {
  const found = metadataUrl ? await describe(metadataUrl) : undefined;
  const id = found?.TaskARN?.split('/').at(-1);
  const address = found?.Containers?.flatMap(({ Networks = [] }) =>
    Networks.flatMap((one) => one.IPv4Addresses ?? []),
  )[0];
  return { task: id ?? `task-${newId(clock.now())}`, address };
}

const WATCH_MS = 5000;

/**
 * Resolves once the service wants this task to stop, which it knows before the task is sent a signal: the load balancer
 * lets go of its targets first. Rejects with the signal's reason.
 */
export async function stopWanted(clock: Clock, metadataUrl: string, signal: AbortSignal): Promise<void> {
  while (true) {
    await sleep(clock, WATCH_MS, signal);
    if ((await describe(metadataUrl))?.DesiredStatus === 'STOPPED') return;
  }
}

/** `undefined` where the agent does not answer. */
async function describe(metadataUrl: string): Promise<Metadata | undefined> {
  try {
    const response = await fetch(`${metadataUrl}/task`, { signal: AbortSignal.timeout(2000) });
    return response.ok ? ((await response.json()) as Metadata) : undefined;
  } catch {
    return undefined;
  }
}
