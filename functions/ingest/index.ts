/** Messages that were put into the inbound bucket, by SES or by another mail system, to the mailboxes: the queue tells of them. */
import middy from '@middy/core';
import type { SQSEvent } from 'aws-lambda';
import { BASE_CONFIG, openBase } from '../../lib/cloud/base.ts';
import { createBouncer } from '../../lib/cloud/bouncer.ts';
import { SERVER_CONFIG } from '../../lib/cloud/domain.ts';
import { bucketReader } from '../../lib/cloud/inbound-bucket.ts';
import { ingestQueue, type QueueAnswer } from '../../lib/cloud/ingest.ts';
import { openWakingDomain } from '../../lib/cloud/lambda.ts';
import { createSesRelay } from '../../lib/cloud/ses-relay.ts';
import { wakeConfig } from '../../lib/cloud/waking.ts';
import { readConfig } from '../../lib/ops/config.ts';

async function open() {
  const config = readConfig([...BASE_CONFIG, ...SERVER_CONFIG, 'inboundBucket', 'unknownRecipients', 'harmfulMail']);
  const base = openBase(config);
  const { domain, fastPath } = await openWakingDomain({ ...config, ...wakeConfig(config) }, base);
  const bounces = config.unknownRecipients === 'bounce' && config.outbound === 'ses';
  const { hostName, mailDomains: domains, harmfulMail: harmful } = config;
  const bounce = bounces ? createBouncer(createSesRelay(base.log), { hostName, domains }, base) : undefined;
  const read = bucketReader(config.inboundBucket);
  return { ...base, fastPath, read, bounce, delivery: domain.delivery, domains, harmful };
}

const opening = open();
/** The stream brings the wakes that take longer. */
const WAKE_MS = 2000;

export const handler = middy<SQSEvent, QueueAnswer>()
  .after(async () => {
    const { fastPath, metrics } = await opening;
    await fastPath.settled(WAKE_MS);
    metrics.flush();
  })
  .onError(async () => (await opening).metrics.flush())
  .handler(async (event: SQSEvent) => ingestQueue(event, await opening));
