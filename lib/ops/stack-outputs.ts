/**
 * Outputs of the deployed stacks that the command line reads (`--stack`): written by the infrastructure code, read by
 * `lib/cloud/stack.ts`. The endpoint's stack has them under the first name, the data stack under the second.
 */
export const STACK_OUTPUTS = {
  mailboxesTable: ['TableMailboxes', 'MailboxesTable'],
  devicesTable: ['TableDevices', 'DevicesTable'],
  directoryTable: ['TableDirectory', 'DirectoryTable'],
  blobBucket: ['Blobs', 'BlobBucket'],
} as const;

export type StackOutputName = keyof typeof STACK_OUTPUTS;

/** The same for what not every stack has. */
export const OPTIONAL_STACK_OUTPUTS = {
  recoverySecret: ['RecoverySecret', 'RecoveryKeySecret'],
} as const;

export type OptionalStackOutputName = keyof typeof OPTIONAL_STACK_OUTPUTS;
