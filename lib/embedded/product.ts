import { rootCertificates } from 'node:tls';
import { createFind } from '../commands/find.ts';
import { createFolderCreate } from '../commands/folder-create.ts';
import { createFolderDelete } from '../commands/folder-delete.ts';
import { createFolderSync } from '../commands/folder-sync.ts';
import { createFolderUpdate } from '../commands/folder-update.ts';
import { createGetAttachment } from '../commands/get-attachment.ts';
import { createGetItemEstimateCommand } from '../commands/get-item-estimate.ts';
import { createItemOperations } from '../commands/item-operations.ts';
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
import { createSyncCommand } from '../commands/sync.ts';
import { createValidateCert } from '../commands/validate-cert.ts';
import { conversationRules } from '../delivery/conversation-rules.ts';
import type { Outbound } from '../delivery/outbound/types.ts';
import { withAutodiscover } from '../http/autodiscover.ts';
import type { Handler } from '../http/types.ts';
import { createAddressBook } from '../identity/address-book.ts';
import { type AuthenticatorOptions, createAuthenticator } from '../identity/authenticator.ts';
import { createBearerAuth } from '../identity/bearer.ts';
import { createHttpAuth } from '../identity/outside.ts';
import type { HashCost } from '../identity/password-hash.ts';
import { createPolicyGate } from '../identity/policy-gate.ts';
import type { RequestLimits } from '../protocol/limits.ts';
import type { Holder } from '../push/types.ts';
import { createServer } from '../server.ts';
import { HierarchyStates } from '../sync/hierarchy-states.ts';
import { SyncNews } from '../sync/news.ts';
import { SyncStates } from '../sync/states.ts';
import type { Domain } from './domain.ts';
import { issuerKeys } from './oidc.ts';

export interface ProductSettings {
  readonly hashCost?: HashCost;
  readonly authentication?: AuthenticatorOptions;
  /** Which host serves; `task`, which may hold requests, where absent. */
  readonly lane?: 'lambda' | 'task';
  readonly limits?: Partial<RequestLimits>;
  /** What Autodiscover names: `https://mail.example.com`. The name that a client came by where absent. */
  readonly origin?: string;
}

/** The product on one store: every command, with what it needs, and Autodiscover. */
export function createProduct(domain: Domain, holder: Holder, outbound: Outbound, settings: ProductSettings): Handler {
  const { clock, log, store, mailboxes, accounts, devices, policies, delivery, search, options } = domain;
  const { table, blobs } = store;
  const states = new SyncStates(table);
  const hierarchy = new HierarchyStates(table, mailboxes);
  const news = new SyncNews(states, clock);
  const classes = [emailClass(blobs)];
  const shown = [shownEmail(blobs)];
  const addressBook = createAddressBook({ directory: accounts, clock });
  const bearer = options.oidcIssuer
    ? createBearerAuth(
        { jwks: issuerKeys(options.oidcIssuer), issuer: options.oidcIssuer, audience: options.oidcAudience! },
        { clock, directory: accounts },
      )
    : undefined;
  const mail = { table, blobs, delivery, outbound };
  const { maxRecipients, recipientsPerHour } = options;
  const sending = { maxBytes: options.maxSendBytes, maxRecipients, recipientsPerHour };
  const outside = options.authUrl ? createHttpAuth({ url: options.authUrl, clock }) : undefined;
  const authenticator = createAuthenticator({
    accounts,
    clock,
    log,
    bearer,
    outside,
    hashCost: settings.hashCost,
    options: settings.authentication,
  });
  const server = createServer({
    commands: (registry) => [
      createProvision({ devices, policies }),
      createSettings({ devices }),
      createFolderSync({ states: hierarchy, reinitialize: () => registry().reinitialize }),
      createFolderCreate(hierarchy),
      createFolderUpdate(hierarchy),
      createFolderDelete(hierarchy),
      createMoveItems(states),
      createSendMail(mail, sending),
      createSmartReply(mail, sending),
      createSmartForward(mail, sending),
      createSyncCommand({ table, states, news, classes }),
      createGetItemEstimateCommand({ states, classes }),
      createItemOperations({
        blobs,
        classes: shown,
        conversations: (mailbox, id) => search.conversation(mailbox, id),
        rules: conversationRules(table),
      }),
      createGetAttachment(blobs),
      createSearch({ mail: search, addressBook, classes: shown }),
      createFind({ mail: search, addressBook }),
      createResolveRecipients({ addressBook }),
      createValidateCert(rootCertificates),
      createPing({
        table,
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
    limits: settings.limits,
  });
  return withAutodiscover(server, { authenticator, now: () => clock.now(), origin: settings.origin });
}
