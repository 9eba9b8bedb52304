export * from '../../../lib/client/phone.ts';
