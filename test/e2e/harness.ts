import { createTransport } from 'nodemailer';
import { expect, onTestFinished } from 'vitest';
import type { EmbeddedInput } from '../../lib/embedded/options.ts';
import { type Running, type StartSettings, start } from '../../lib/embedded/start.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { type ProtocolVersion, SUPPORTED_VERSIONS } from '../../lib/protocol/versions.ts';
import type { ClientOptions } from '../support/client/client.ts';
import { Phone } from '../support/client/phone.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { unknownStatuses } from '../support/statuses.ts';
import { validateResponses } from '../support/xsd.ts';
import { frontSettings, storeInput } from './mode.ts';

export const PASSWORD = 'correct horse battery staple';
/** Real argon2id, but cheap: hundreds of tests log in. */
const HASH_COST = { memory: 64, passes: 1, parallelism: 1 };
export const VERSIONS = SUPPORTED_VERSIONS;
/** The versions from this one on. */
export const since = (first: ProtocolVersion) => VERSIONS.filter((version) => version >= first);

export interface Server extends Running {
  /** A phone of this account; every answer that it gets is validated against Microsoft's response schemas. */
  phone(options?: Partial<ClientOptions>): Phone;
  /** Sends a message over SMTP, as another mail server would. */
  send(message: {
    readonly to?: string;
    readonly subject: string;
    readonly text?: string;
    readonly html?: string;
  }): Promise<void>;
}

/** The whole product on free ports with one account, `kim@example.test`; gone when the test ends. */
export async function startServer(input: EmbeddedInput = {}, settings: StartSettings = {}): Promise<Server> {
  const running = await start(
    await storeInput({
      host: '127.0.0.1',
      port: 0,
      httpsPort: 0,
      smtpPort: 0,
      dataDir: await temporaryFolder(),
      ...input,
    }),
    { log: silentLog, hashCost: HASH_COST, ...frontSettings(settings), ...settings },
  );
  const answers: { command: string; version: ProtocolVersion; body: Uint8Array }[] = [];
  onTestFinished(async () => {
    await running.close();
    // All at once: one run of the validator costs as much as a hundred answers.
    expect(await schemaErrors(answers), 'answers against the response schemas').toEqual([]);
  });
  await running.domain.accounts.create({ address: 'kim@example.test', name: 'Kim', password: PASSWORD });
  const mailer = createTransport({ ...running.smtp, secure: false, ignoreTLS: true });
  return {
    ...running,
    phone(options) {
      const phone = new Phone({
        url: running.url,
        user: 'kim@example.test',
        password: PASSWORD,
        onAnswer: (command, version, body) => void answers.push({ command, version, body }),
        ...options,
      });
      phone.collectionOptions = { Options: [{ BodyPreference: [{ Type: 1 }] }] };
      return phone;
    },
    async send({ to = 'kim@example.test', ...message }) {
      await mailer.sendMail({ from: 'Alex <alex@sender.test>', to, ...message });
    },
  };
}

/**
 * What the schema of the answer does not know: what 16.0 tells of an item that was changed (MS-ASAIRS R1336), and the
 * class of a text message that is added (MS-ASMS 2.2.2.2.1.2).
 */
const NEWER =
  /^Sync-\d+\.xml.*\{AirSync\}(?:ApplicationData': This|Class': This element is not expected. Expected is \( \{AirSync\}ServerId)/;

/**
 * What no schema allows, and statuses that no table of the command has.
 *
 * The schemas are those of 14.0 and later: they do not know the Class that versions up to 12.1 have in every Collection
 * of an answer (MS-ASCMD R1327, R6290), nor that the Data of a policy was a text in 2.5 (MS-ASPROV 2.2.2.24.2).
 */
export async function schemaErrors(
  answers: readonly { readonly command: string; readonly version: ProtocolVersion; readonly body: Uint8Array }[],
): Promise<readonly string[]> {
  const [old, recent] = [
    answers.filter(({ version }) => version < 140),
    answers.filter(({ version }) => version >= 140),
  ];
  const { errors } = await validateResponses(recent);
  const { errors: oldErrors } = await validateResponses(old);
  return [
    ...errors.filter((error) => !NEWER.test(error)),
    ...oldErrors.filter((error) => !OF_OLD_VERSIONS.some((known) => error.includes(known))),
    ...answers.flatMap(({ command, body }) => unknownStatuses(command, body)),
  ];
}

const OF_OLD_VERSIONS = [
  "Element '{AirSync}Class': This element is not expected",
  "Element '{GetItemEstimate}Class': This element is not expected",
  "Element '{Provision}Data': Character content",
  "Element '{Provision}Data': Missing child",
];
