/** The holder: every command, and the requests that wait. One process of the service, until it is told to stop. */
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { openBase } from '../../lib/cloud/base.ts';
import { agentNotice, identify, serviceNotice, stopWanted } from '../../lib/cloud/ecs.ts';
import { directInlet, noInlet, socketInlet } from '../../lib/cloud/inlet.ts';
import { openRecoveryVault } from '../../lib/cloud/recovery-key.ts';
import { startTask, TASK_CONFIG } from '../../lib/cloud/task.ts';
import { wakeConfig } from '../../lib/cloud/waking.ts';
import { limitThreadsApart } from '../../lib/embedded/parse-thread.ts';
import { readConfig } from '../../lib/ops/config.ts';
import { errorFields } from '../../lib/ops/log.ts';

limitThreadsApart();
const config = readConfig(TASK_CONFIG);
const base = openBase(config);
const metadataUrl = process.env.ECS_CONTAINER_METADATA_URI_V4;
const identity = await identify(base.clock, metadataUrl);

function inlet() {
  if (config.wakeTransport === 'direct') return directInlet(base, identity, readConfig(['wakePort']).wakePort);
  if (config.wakeTransport === 'none') return noInlet;
  const { wakeSocketUrl: url } = readConfig(['wakeSocketUrl']);
  const region = process.env.AWS_REGION ?? 'us-east-1';
  return socketInlet(base, identity, { url, region, credentials: defaultProvider() });
}

const task = await startTask(
  { ...config, ...wakeConfig(config) },
  {
    ...base,
    identity,
    inlet: inlet(),
    openVault: openRecoveryVault,
  },
);

const running = new AbortController();

function stop(): void {
  if (running.signal.aborted) return;
  running.abort(new Error('the task ends'));
  task.stop().then(
    () => process.exit(0),
    (error) => {
      base.log.error('task-stop', errorFields(error));
      process.exit(1);
    },
  );
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// The service says it before the signal comes, and while the load balancer still carries what is held.
if (metadataUrl)
  stopWanted(base.clock, [serviceNotice(identity, base.log), agentNotice(metadataUrl)], running.signal).then(
    () => task.drain(),
    () => {},
  );
