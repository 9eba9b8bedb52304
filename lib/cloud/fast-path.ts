export { FastPath } from '../push/fast-path.ts';
