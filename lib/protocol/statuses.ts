/**
 * The common status codes (MS-ASCMD 2.2.2): `http` is the answer for versions up to 12.1, which have no such status
 * (R7461, R7462); from 14.0 on the command's own document carries the code. `label` names the failure in logs and
 * metrics. Where the specification leaves the HTTP code open, the nearest of MS-ASHTTP 2.2.2.1.1 is chosen, and never
 * 500 for what may pass: after several 500s iOS downloads everything again.
 */
export interface CommonStatus {
  readonly code: number;
  readonly http: number;
  readonly label: string;
}

const TABLE: readonly (readonly [code: number, http: number, label: string])[] = [
  [101, 400, 'invalid-content'],
  [102, 400, 'invalid-wbxml'],
  [103, 400, 'invalid-xml'],
  [104, 400, 'invalid-date-time'],
  [105, 400, 'invalid-combination-of-ids'],
  [106, 400, 'invalid-ids'],
  [107, 400, 'invalid-mime'],
  [108, 400, 'device-id-missing-or-invalid'],
  [109, 400, 'device-type-missing-or-invalid'],
  [110, 500, 'server-error'],
  [111, 503, 'server-error-retry-later'],
  [112, 403, 'directory-access-denied'],
  [113, 507, 'mailbox-quota-exceeded'],
  [114, 503, 'mailbox-server-offline'],
  [115, 507, 'send-quota-exceeded'],
  [116, 400, 'message-recipient-unresolved'],
  [117, 403, 'message-reply-not-allowed'],
  [118, 200, 'message-previously-sent'],
  [119, 400, 'message-has-no-recipient'],
  [120, 503, 'mail-submission-failed'],
  [121, 503, 'message-reply-failed'],
  [122, 413, 'attachment-too-large'],
  [123, 403, 'user-has-no-mailbox'],
  [124, 401, 'user-cannot-be-anonymous'],
  [125, 403, 'user-not-found'],
  [126, 403, 'user-disabled-for-sync'],
  [127, 403, 'user-on-new-mailbox-cannot-sync'],
  [128, 403, 'user-on-legacy-mailbox-cannot-sync'],
  [129, 403, 'device-blocked'],
  [130, 403, 'access-denied'],
  [131, 403, 'account-disabled'],
  [132, 403, 'sync-state-not-found'],
  [133, 503, 'sync-state-locked'],
  [134, 403, 'sync-state-corrupt'],
  [135, 403, 'sync-state-already-exists'],
  [136, 403, 'sync-state-version-invalid'],
  [137, 501, 'command-not-supported'],
  [138, 400, 'version-not-supported'],
  [139, 403, 'device-not-fully-provisionable'],
  [140, 449, 'remote-wipe-requested'],
  [141, 449, 'legacy-device-on-strict-policy'],
  [142, 449, 'device-not-provisioned'],
  [143, 449, 'policy-refresh'],
  [144, 449, 'invalid-policy-key'],
  [145, 403, 'externally-managed-devices-not-allowed'],
  [146, 400, 'no-recurrence-in-calendar'],
  [147, 400, 'unexpected-item-class'],
  [148, 503, 'remote-server-has-no-ssl'],
  [149, 400, 'invalid-stored-request'],
  [150, 404, 'item-not-found'],
  [151, 507, 'too-many-folders'],
  [152, 404, 'no-folders-found'],
  [153, 404, 'items-lost-after-move'],
  [154, 503, 'failure-in-move-operation'],
  [155, 400, 'move-command-disallowed-for-non-persistent-move'],
  [156, 400, 'move-command-invalid-destination-folder'],
  [160, 400, 'availability-too-many-recipients'],
  [161, 400, 'availability-list-limit-reached'],
  [162, 503, 'availability-transient-failure'],
  [163, 503, 'availability-failure'],
  [164, 400, 'body-part-preference-type-not-supported'],
  [165, 400, 'device-information-required'],
  [166, 400, 'invalid-account-id'],
  [167, 403, 'account-send-disabled'],
  [168, 403, 'irm-feature-disabled'],
  [169, 503, 'irm-transient-error'],
  [170, 403, 'irm-permanent-error'],
  [171, 400, 'irm-invalid-template-id'],
  [172, 403, 'irm-operation-not-permitted'],
  [173, 404, 'no-picture'],
  [174, 413, 'picture-too-large'],
  [175, 413, 'picture-limit-reached'],
  [176, 413, 'body-part-conversation-too-large'],
  [177, 403, 'maximum-devices-reached'],
  [178, 400, 'invalid-combination-of-body-elements'],
  [179, 400, 'invalid-forwardees-or-body'],
  [183, 400, 'invalid-recipients-or-exceptions'],
];

const STATUSES: ReadonlyMap<number, CommonStatus> = new Map(
  TABLE.map(([code, http, label]) => [code, { code, http, label }]),
);

export function commonStatus(code: number): CommonStatus | undefined {
  return STATUSES.get(code);
}

export function commonStatuses(): Iterable<CommonStatus> {
  return STATUSES.values();
}

/** Which command asked, and whether it sent a policy key: three codes depend on it. */
export interface StatusContext {
  readonly command?: string;
  readonly hasPolicyKey: boolean;
}

/** Android before 14.0 sends such a message by itself, without its source, for 500 and for nothing else; else it never goes out. */
const WITH_SOURCE: ReadonlySet<string> = new Set(['SmartReply', 'SmartForward']);

/** HTTP status that says `code` to versions up to 12.1; 503 for a code that is not in the table. */
export function httpStatusFor(code: number, context: StatusContext): number {
  if (code === 106 && context.command === 'SendMail') return 500; // R7549
  if (code === 132 && context.command === 'Provision') return 500; // R7557
  if (code === 150 && WITH_SOURCE.has(context.command ?? '')) return 500;
  if (code === 140 && !context.hasPolicyKey) return 403; // R7561; with a key 449, R7562
  return STATUSES.get(code)?.http ?? 503;
}

export function labelFor(code: number): string {
  return STATUSES.get(code)?.label ?? `status-${code}`;
}
