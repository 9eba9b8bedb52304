import {
  ApiGatewayManagementApiClient,
  type ApiGatewayManagementApiClientConfig,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { limit } from '../../store/limits.ts';
import type { Table } from '../../store/ports.ts';
import { sendTo, TaskAddresses } from '../task-address.ts';
import { packMessage } from '../task-message.ts';
import type { TaskMessage, WakeTransport } from '../types.ts';
import { connectionOf } from './connections.ts';

export interface SocketTransportOptions {
  readonly table: Pick<Table, 'get'>;
  /** `https://{api}.execute-api.{region}.amazonaws.com/{stage}`. */
  readonly endpoint: string;
  readonly region?: string;
  readonly credentials?: ApiGatewayManagementApiClientConfig['credentials'];
  /** Attempts at one post; throttling is waited out between them. Default 4. */
  readonly maxAttempts?: number;
  /** Bytes of one message. Default 32 KB: a frame, and what is paid for as one message. */
  readonly messageBytes?: number;
  /** How long a post may take. Default 3 s. */
  readonly requestTimeoutMs?: number;
}

export interface SocketTransport extends WakeTransport {
  close(): void;
}

const FRAME_BYTES = 32 * 1024;

/**
 * Posts to the connection that a task keeps to the WebSocket API.
 * `send` rejects when throttling outlasts the attempts, or the service or the table cannot be asked.
 */
export function createSocketTransport(options: SocketTransportOptions): SocketTransport {
  const messageBytes = limit('messageBytes', options.messageBytes ?? FRAME_BYTES, 256, FRAME_BYTES);
  const client = new ApiGatewayManagementApiClient({
    endpoint: options.endpoint,
    ...(options.region && { region: options.region }),
    ...(options.credentials && { credentials: options.credentials }),
    maxAttempts: limit('maxAttempts', options.maxAttempts ?? 4, 1, 20),
    requestHandler: {
      connectionTimeout: 1000,
      requestTimeout: limit('requestTimeoutMs', options.requestTimeoutMs ?? 3000, 1, 60_000),
      throwOnRequestTimeout: true,
    },
  });
  const addresses = new TaskAddresses(options.table, connectionOf);

  async function post(ConnectionId: string, pieces: readonly Uint8Array[]): Promise<'delivered' | 'gone'> {
    try {
      for (const Data of pieces) await client.send(new PostToConnectionCommand({ ConnectionId, Data }));
      return 'delivered';
    } catch (error) {
      if (error instanceof GoneException || isNoConnection(error)) return 'gone';
      throw error;
    }
  }

  return {
    send(task: string, message: TaskMessage) {
      const pieces = packMessage(message, messageBytes);
      return sendTo(
        addresses,
        task,
        (connection) => post(connection, pieces),
        (one, other) => one === other,
      );
    },
    close: () => client.destroy(),
  };
}

/** What never was an id of a connection is answered with 400. */
const isNoConnection = (error: unknown) => (error as { readonly name?: unknown }).name === 'BadRequestException';
