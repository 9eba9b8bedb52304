export * from '../../../lib/client/client.ts';
