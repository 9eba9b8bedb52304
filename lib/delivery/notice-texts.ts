/** What the server writes to its users, in words for people who do not run it. */
import type { Device } from '../identity/types.ts';
import type { Usage } from '../mailbox/quota.ts';

export interface NoticeText {
  readonly subject: string;
  readonly lines: readonly string[];
}

/** What a device says of itself may be anything: one short line of it is shown. */
const oneLine = (text: string) =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 120);

export function deviceNotice(device: Device, about: 'block' | 'quarantine'): NoticeText {
  const { information } = device;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Name', information?.friendlyName],
    ['Model', information?.model],
    ['Type', device.type],
    ['System', information?.os],
    ['Identifier', device.id],
  ];
  const told = facts.flatMap(([name, value]) => (value ? [`  ${name}: ${oneLine(value)}`] : []));
  const [subject, first] =
    about === 'block'
      ? ['A device was refused', 'A device tried to synchronise your mailbox and is not allowed to:']
      : [
          'A device waits for approval',
          'A device tried to synchronise your mailbox. It gets no mail until an administrator approves it:',
        ];
  const last = 'If the device is not yours, change your password and tell your administrator.';
  return { subject, lines: [first, '', ...told, '', last] };
}

export function quotaNotice({ bytes, items, quota }: Usage): NoticeText {
  const facts = [
    ...(quota.bytes === undefined ? [] : [`  ${size(bytes)} of ${size(quota.bytes)}`]),
    ...(quota.items === undefined ? [] : [`  ${items} of ${quota.items} items`]),
  ];
  return {
    subject: 'Your mailbox is nearly full',
    lines: [
      'Your mailbox holds:',
      '',
      ...facts,
      '',
      'When it is full, no more mail is taken in. Delete what you do not need, and empty Deleted Items.',
    ],
  };
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** 1536 -> `1.5 KB`. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
