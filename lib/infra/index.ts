/** The deployment as a library: `import { DirectPush } from 'direct-push/infra'`. */
export { DirectPushData, type DirectPushDataProps, DirectPushDataStack } from './data-stack.ts';
export { DirectPush } from './direct-push.ts';
export { DirectPushStack } from './endpoint-stack.ts';
export type {
  AuthenticationProps,
  CanaryProps,
  DirectPushProps,
  DirectPushStorage,
  HolderProps,
  LimitProps,
  MailboxLimitProps,
  MailProps,
  PasswordProps,
  Severity,
  ThrottleProps,
  WafProps,
  WakeTransportName,
} from './props.ts';
export { HANGING_SYNC_AGENTS } from './routing-rules.ts';
