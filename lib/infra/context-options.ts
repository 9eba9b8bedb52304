/**
 * Context keys for what the embedded server has as options, under the same names where it has them. What a number may be
 * is said by `settings.ts` and refused here already, by the name of the key.
 */
import { z } from 'zod';
import type { DirectPushProps } from './props.ts';
import { type Bounds, BYTES, COUNT, RECIPIENTS, RECIPIENTS_PER_HOUR, TIME } from './settings.ts';

const within = ({ least, most }: Bounds) => z.coerce.number().int().min(least).max(most).optional();
export const list = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').flatMap((part) => part.trim() || [])),
]);
const heartbeat = within({ least: 60, most: 3540 });

export const OPTION_KEYS = {
  versions: list.optional(),
  galScope: z.enum(['domain', 'server']).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  allowedCidrs: list.optional(),
  hangingSyncAgents: list.optional(),
  minHeartbeatS: heartbeat,
  maxHeartbeatS: heartbeat,
  maxMessageBytes: within(BYTES),
  maxSendBytes: within(BYTES),
  maxRecipients: within(RECIPIENTS),
  recipientsPerHour: within(RECIPIENTS_PER_HOUR),
  maxDevices: within(COUNT),
  quotaBytes: within(COUNT),
  quotaItems: within(COUNT),
  quotaFolderItems: within(COUNT),
  quotaItemBytes: within(COUNT),
  commandsPerMinute: within(COUNT),
  syncsPerMinute: within(COUNT),
  sameCommands: within(COUNT),
  throttleMinutes: within(TIME),
  agentChanges: within(COUNT),
  agentHours: within(TIME),
  agentBlockHours: within(TIME),
  passwordUrl: z.url({ protocol: /^https$/ }).optional(),
  passwordWarnDays: within(COUNT),
} as const;

export type OptionContext = { readonly [Key in keyof typeof OPTION_KEYS]?: z.output<(typeof OPTION_KEYS)[Key]> };

/** The same as properties of the construct. */
export function optionProps(context: OptionContext): Partial<DirectPushProps> {
  const { versions, galScope, logLevel, allowedCidrs, hangingSyncAgents, minHeartbeatS, maxHeartbeatS } = context;
  const { commandsPerMinute, syncsPerMinute, sameCommands, throttleMinutes: minutes } = context;
  const { agentChanges, agentHours, agentBlockHours, passwordUrl: url, passwordWarnDays: warnDays } = context;
  return {
    ...{ versions, galScope, logLevel, allowedCidrs, hangingSyncAgents, minHeartbeatS, maxHeartbeatS },
    limits: {
      messageBytes: context.maxMessageBytes,
      sendBytes: context.maxSendBytes,
      recipients: context.maxRecipients,
      recipientsPerHour: context.recipientsPerHour,
      devices: context.maxDevices,
      mailbox: {
        bytes: context.quotaBytes,
        items: context.quotaItems,
        folderItems: context.quotaFolderItems,
        itemBytes: context.quotaItemBytes,
      },
    },
    throttle: {
      ...{ commandsPerMinute, syncsPerMinute, sameCommands, minutes },
      ...{ agentChanges, agentHours, agentBlockHours },
    },
    passwords: { url, warnDays },
  };
}
