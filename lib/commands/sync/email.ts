import { Email } from '../../documents/items/email.ts';
import { applyEmailChange } from '../../mail/apply.ts';
import type { BodyBlobs } from '../../mail/body.ts';
import { type RenderOptions, renderEmail, renderFlags } from '../../mail/render.ts';
import type { View } from '../../sync/item-class.ts';
import { decodeElement, encodeFragment } from '../../wbxml/index.ts';
import { type DraftServices, draftCommands } from './drafts.ts';
import type { SyncItemClass } from './item-class.ts';

/**
 * Mail. Clients change read state, flag and categories; with `drafts` they write and send as well. Other mail is not
 * theirs to add: status 6 (MS-ASCMD R755).
 */
export function emailClass(blobs: BodyBlobs, drafts?: DraftServices): SyncItemClass {
  return {
    ...(drafts && draftCommands(drafts)),
    itemClass: 'Email',
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

export function renderOptions({ version, options, atMost, whole, beyond }: View): RenderOptions {
  return {
    version,
    bodyPreferences: options.bodyPreferences,
    bodyPartPreference: options.bodyPartPreference,
    mimeSupport: options.mimeSupport,
    mimeTruncation: options.mimeTruncation,
    truncation: options.truncation,
    withoutPreference: whole ? 'whole' : 'size',
    // The part of a message is told whatever its date (MS-ASCON R242).
    atMost: beyond ? 0 : atMost,
    partAtMost: atMost ?? Number.POSITIVE_INFINITY,
  };
}
