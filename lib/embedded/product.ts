import { rootCertificates } from 'node:tls';
import { sendOptions } from '../commands/compose/options.ts';
import { createFind } from '../commands/find.ts';
import { createFolderCreate } from '../commands/folder-create.ts';
import { createFolderDelete } from '../commands/folder-delete.ts';
import { createFolderSync } from '../commands/folder-sync.ts';
import { createFolderUpdate } from '../commands/folder-update.ts';
import { createGetAttachment } from '../commands/get-attachment.ts';
import { createGetHierarchy } from '../commands/get-hierarchy.ts';
import { createGetItemEstimateCommand } from '../commands/get-item-estimate.ts';
import { createItemOperations } from '../commands/item-operations.ts';
import { createMeetingResponse } from '../commands/meeting-response.ts';
import { createMoveItems } from '../commands/move-items.ts';
import { createPing } from '../commands/ping.ts';
import { createProvision } from '../commands/provision.ts';
import { createResolveRecipients } from '../commands/resolve-recipients.ts';
import { createSearch } from '../commands/search.ts';
import { createSendMail } from '../commands/send-mail.ts';
import { createSettings } from '../commands/settings.ts';
import { shownEmail } from '../commands/show/email.ts';
import { createSmartForward } from '../commands/smart-forward.ts';
import { createSmartReply } from '../commands/smart-reply.ts';
import { emailClass } from '../commands/sync/email.ts';
import { smsClass } from '../commands/sync/sms.ts';
import { createSyncCommand, type SyncOptionsInput } from '../commands/sync.ts';
import { createValidateCert } from '../commands/validate-cert.ts';
import { conversationRules } from '../delivery/conversation-rules.ts';
import type { Outbound } from '../delivery/outbound/types.ts';
import { withAutodiscover } from '../http/autodiscover.ts';
import type { Handler } from '../http/types.ts';
import { createAddressBook } from '../identity/address-book.ts';
import type { AuthenticatorOptions } from '../identity/authenticator.ts';
import type { HashCost } from '../identity/password-hash.ts';
import { createPolicyGate } from '../identity/policy-gate.ts';
import type { Tracer } from '../ops/tracer.ts';
import type { RequestLimits } from '../protocol/limits.ts';
import { parseVersion } from '../protocol/versions.ts';
import type { Holder } from '../push/types.ts';
import { createServer } from '../server.ts';
import type { Conversations } from '../sync/beside.ts';
import { HierarchyStates } from '../sync/hierarchy-states.ts';
import { SyncNews } from '../sync/news.ts';
import { SyncStates } from '../sync/states.ts';
import { openAuthenticator } from './authentication.ts';
import type { Domain } from './domain.ts';
import { passwordOption, throttleOption } from './limits.ts';

export interface ProductSettings {
  readonly hashCost?: HashCost;
  readonly authentication?: AuthenticatorOptions;
  /** Which host serves; `task`, which may hold requests, where absent. */
  readonly lane?: 'lambda' | 'task';
  /** Items in one answer of Sync, bytes; the command's own limit for the lane where absent. */
  readonly responseBytes?: number;
  readonly limits?: Partial<RequestLimits>;
  /** PEM of authorities for S/MIME, besides the public ones. */
  readonly smimeRoots?: readonly string[];
  /** Absent: no spans. */
  readonly tracer?: Tracer;
  /** What Autodiscover names: `https://mail.example.com`. The name that a client came by where absent. */
  readonly origin?: string;
}

const windows = ({ responseBytes: bytes }: ProductSettings): SyncOptionsInput =>
  bytes === undefined ? {} : { bytes: { lambda: bytes, task: bytes } };

/** The product on one store: every command, with what it needs, and Autodiscover. */
export function createProduct(domain: Domain, holder: Holder, outbound: Outbound, settings: ProductSettings): Handler {
  const { clock, log, store, mailboxes, notices, accounts, devices, policies, delivery, search, options } = domain;
  const { groups, photos, certificates, domains, oof, recovery, parse } = domain;
  const { table, blobs } = store;
  const states = new SyncStates(table);
  const hierarchy = new HierarchyStates(table, mailboxes);
  const news = new SyncNews(states, clock);
  const shown = [shownEmail(blobs), shownEmail(blobs, 'SMS')];
  const addressBook = createAddressBook({ directory: accounts, groups, scope: options.galScope, clock });
  const mail = { table, blobs, delivery, outbound, parse };
  const { maxRecipients, recipientsPerHour } = options;
  const sending = { maxBytes: options.maxSendBytes, maxRecipients, recipientsPerHour };
  const classes = [emailClass(blobs, { ...mail, options: sendOptions(sending) }), smsClass(blobs)];
  const conversations: Conversations = (mailbox, wanted) => search.threads(mailbox, wanted);
  const authenticator = openAuthenticator(options, {
    accounts,
    clock,
    log,
    hashCost: settings.hashCost,
    options: settings.authentication,
  });
  const passwords = passwordOption(options);
  const server = createServer({
    commands: (registry) => [
      createProvision({ devices, policies }),
      createSettings({ devices, oof, recovery }),
      createFolderSync({ states: hierarchy, reinitialize: () => registry().reinitialize }),
      createFolderCreate(hierarchy),
      createFolderUpdate(hierarchy),
      createFolderDelete(hierarchy),
      createMoveItems(states),
      createSendMail(mail, sending),
      createSmartReply(mail, sending),
      createSmartForward(mail, sending),
      createMeetingResponse(mail, sending),
      createSyncCommand({ table, states, news, classes, conversations, options: windows(settings) }),
      createGetItemEstimateCommand({ states, classes, conversations }),
      createItemOperations({
        blobs,
        classes: shown,
        conversations: (mailbox, id) => search.conversation(mailbox, id),
        rules: conversationRules(table),
      }),
      createGetAttachment(blobs),
      createGetHierarchy(),
      createSearch({ mail: search, addressBook, photos, classes: shown }),
      createFind({ mail: search, addressBook, photos }),
      createResolveRecipients({ addressBook, groups, photos, certificates }),
      createValidateCert([...(settings.smimeRoots ?? []), ...rootCertificates]),
      createPing({
        table,
        mailboxes,
        log,
        news,
        hierarchy,
        options: { minHeartbeatS: options.minHeartbeatS, maxHeartbeatS: options.maxHeartbeatS },
      }),
    ],
    authenticator,
    devices,
    policyGate: createPolicyGate(policies),
    mailboxes,
    holder,
    clock,
    log,
    lane: settings.lane ?? 'task',
    versions: options.versions.flatMap((name) => parseVersion(name) ?? []),
    limits: settings.limits,
    notices,
    passwords,
    throttle: throttleOption(options),
    tracer: settings.tracer,
  });
  return withAutodiscover(server, {
    authenticator,
    directory: accounts,
    domains,
    passwords,
    now: () => clock.now(),
    origin: settings.origin,
  });
}
