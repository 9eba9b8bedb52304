import { DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { type Clock, sleep } from '../ops/clock.ts';
import { newId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';

/** What a task is told of itself by the container agent. */
export interface TaskIdentity {
  /** Unique among all tasks that ever were. */
  readonly task: string;
  /** Address inside the network, where there is one. */
  readonly address: string | undefined;
  /** What the service calls it, and where. Absent outside ECS. */
  readonly arn?: string;
  readonly cluster?: string;
}

interface Metadata {
  readonly TaskARN?: string;
  /** Its name, or its ARN. */
  readonly Cluster?: string;
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
  return { task: id ?? `task-${newId(clock.now())}`, address, arn: found?.TaskARN, cluster: found?.Cluster };
}

/** Whether the service wants this task to stop. Rejects where that cannot be asked. */
export type Notice = () => Promise<boolean>;

/** Between two questions, in milliseconds. The load balancer's deregistration delay leaves room for one. */
export const WATCH_MS = 10_000;

/**
 * Resolves once one of `notices` says that the service wants this task to stop. Rejects with the signal's reason.
 *
 * It must be known long before SIGTERM: that is sent only after the load balancer let go of the task, and by then the
 * connections of all held requests are cut.
 */
export async function stopWanted(clock: Clock, notices: readonly Notice[], signal: AbortSignal): Promise<void> {
  while (true) {
    await sleep(clock, WATCH_MS, signal);
    const wanted = await Promise.all(notices.map((ask) => ask().catch(() => false)));
    if (wanted.includes(true)) return;
  }
}

/** What the container agent says: on some platforms no sooner than SIGTERM, but it can be asked without any right. */
export function agentNotice(metadataUrl: string): Notice {
  return async () => (await describe(metadataUrl))?.DesiredStatus === 'STOPPED';
}

/**
 * What the service itself says of the task: `STOPPED` is desired from the moment on in which it begins to deregister it
 * (`DEACTIVATING`), of which the agent is not told. Trouble is logged once: without the right or a way to ask, held
 * requests are cut by each deployment.
 */
export function serviceNotice({ arn, cluster }: TaskIdentity, log: Log, client = new ECSClient(TIMES)): Notice {
  if (arn === undefined) return async () => false;
  let told = false;
  return async () => {
    try {
      const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
      return tasks.some(({ desiredStatus }) => desiredStatus === 'STOPPED');
    } catch (error) {
      if (!told) log.warn('stop-notice', errorFields(error));
      told = true;
      throw error;
    }
  };
}

const TIMES = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
};

/** `undefined` where the agent does not answer. */
async function describe(metadataUrl: string): Promise<Metadata | undefined> {
  try {
    const response = await fetch(`${metadataUrl}/task`, { signal: AbortSignal.timeout(2000) });
    return response.ok ? ((await response.json()) as Metadata) : undefined;
  } catch {
    return undefined;
  }
}
