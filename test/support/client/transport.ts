export * from '../../../lib/client/transport.ts';
