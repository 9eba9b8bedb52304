import { Email } from '../../documents/items/email.ts';
import { applyEmailChange } from '../../mail/apply.ts';
import type { BodyBlobs } from '../../mail/body.ts';
import { type RenderOptions, renderEmail, renderFlags } from '../../mail/render.ts';
import type { ItemClass } from '../../mailbox/types.ts';
import type { View } from '../../sync/item-class.ts';
import { decodeElement, encodeFragment } from '../../wbxml/index.ts';
import type { SyncItemClass } from './item-class.ts';

/**
 * Mail, and text messages in a mail folder. Clients change read state, flag and categories; adding mail is status 6
 * (MS-ASCMD R755) until something can be made of it.
 */
export function emailClass(blobs: BodyBlobs, itemClass: ItemClass = 'Email'): SyncItemClass {
  return {
    itemClass,
    render(item, view) {
      const rendered = renderEmail(item, renderOptions(view), blobs);
      return rendered instanceof Promise
        ? rendered.then((data) => encodeFragment(Email, data, view.version))
        : encodeFragment(Email, rendered, view.version);
    },
    renderFlags: (item, parts, view) =>
      encodeFragment(Email, renderFlags(item.content, view.version, parts), view.version),
    readChange(data, version) {
      const change = decodeElement(Email, data, version);
      return (current) => applyEmailChange(current.content, change);
    },
  };
}

function renderOptions({ version, options, atMost, whole }: View): RenderOptions {
  return {
    version,
    bodyPreferences: options.bodyPreferences,
    bodyPartPreference: options.bodyPartPreference,
    mimeSupport: options.mimeSupport,
    mimeTruncation: options.mimeTruncation,
    withoutPreference: whole ? 'whole' : 'size',
    atMost,
  };
}
