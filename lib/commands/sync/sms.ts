/** Text messages that a phone keeps in its mailbox: MS-ASMS. */
import { createHash } from 'node:crypto';
import { Email } from '../../documents/items/email.ts';
import { applyEmailChange } from '../../mail/apply.ts';
import type { BodyBlobs } from '../../mail/body.ts';
import { messageBlobs } from '../../mail/file-reference.ts';
import { renderEmail } from '../../mail/render.ts';
import { smsContent, smsElements } from '../../mail/sms.ts';
import { smsId, ulidFor } from '../../ops/ids.ts';
import type { Blobs } from '../../store/ports.ts';
import { decodeElement, encodeFragment } from '../../wbxml/index.ts';
import { emailClass, renderOptions } from './email.ts';
import type { SyncItemClass } from './item-class.ts';
import { SyncStatus } from './status.ts';

const { Conversion: CONVERSION } = SyncStatus;
/** Text messages came with 14.0. */
export const FIRST_VERSION = 140;

/** In folders of mail beside the mail, for devices that ask for it by an Options block of its own. */
export function smsClass(blobs: BodyBlobs & Partial<Pick<Blobs, 'put'>>): SyncItemClass {
  const email = emailClass(blobs);
  return {
    itemClass: 'SMS',
    render(item, view) {
      const told = renderEmail(item, renderOptions(view), blobs);
      const encode = (data: Email) => encodeFragment(Email, smsElements(data), view.version);
      return told instanceof Promise ? told.then(encode) : encode(told);
    },
    renderFlags: email.renderFlags,
    readChange: email.readChange,
    /** Into any folder of mail: what came in, what went out, what is still to go. */
    async create({ mailbox, version, seed, data, now }) {
      if (version < FIRST_VERSION || !blobs.put) return { status: CONVERSION };
      const elements = decodeElement(Email, data, version);
      const received = Math.min(elements.DateReceived ?? now, now);
      const item = smsId(ulidFor(received, seed));
      const id = createHash('sha256').update(item).digest('hex').slice(0, 32);
      const made = smsContent(elements, received, messageBlobs.mime(mailbox, id));
      const applied = applyEmailChange(made.content, elements);
      if (applied.result === 'refused') return { status: CONVERSION };
      await blobs.put(made.content.mime.blob, made.raw);
      return { id: item, class: 'SMS', content: applied.result === 'changed' ? applied.content : made.content };
    },
  };
}
