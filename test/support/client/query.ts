export * from '../../../lib/client/query.ts';
