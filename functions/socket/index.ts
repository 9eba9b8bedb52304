/** Notes which connection a task is reached by, and that it ended. The gateway has checked the task's signature. */
import middy from '@middy/core';
import type { APIGatewayProxyWebsocketEventV2 } from 'aws-lambda';
import { BASE_CONFIG, openBase } from '../../lib/cloud/base.ts';
import { openCloudTable, TABLE_CONFIG } from '../../lib/cloud/table.ts';
import { readConfig } from '../../lib/ops/config.ts';
import { connected, disconnected } from '../../lib/push/websocket/connections.ts';

type Event = APIGatewayProxyWebsocketEventV2 & { readonly queryStringParameters?: Readonly<Record<string, string>> };

async function open() {
  const config = readConfig([...BASE_CONFIG, ...TABLE_CONFIG]);
  const base = openBase(config);
  return { ...base, ...(await openCloudTable(config, base)) };
}

const opening = open();

export const handler = middy<Event, { statusCode: number }>().handler(
  async ({ requestContext, queryStringParameters }: Event) => {
    const { table, clock, log } = await opening;
    const { eventType, connectionId } = requestContext;
    const task = queryStringParameters?.task;
    if (eventType === 'CONNECT') await connected(table, task, connectionId, clock.now());
    else if (eventType === 'DISCONNECT') await disconnected(table, connectionId);
    log.info('task-connection', { eventType, task });
    return { statusCode: 200 };
  },
);
