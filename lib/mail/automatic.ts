import { fieldValue, type RawField } from './raw-message.ts';

/** Fields that only a mailing list writes (RFC 2369, RFC 2919). */
const LIST = /^list-(?:id|post|help|subscribe|unsubscribe|owner|archive)$/;

/** No person wrote it, so no machine may answer it (RFC 3834 2): the answers would meet. */
export function isAutomatic(fields: readonly RawField[]): boolean {
  return fields.some((field) => {
    switch (field.name) {
      case 'auto-submitted':
        // A parameter or a comment may follow.
        return !/^no(?:[\s;(]|$)/i.test(fieldValue(field));
      case 'precedence':
        return /^(?:bulk|list|junk)\b/i.test(fieldValue(field));
      case 'content-type':
        // A delivery report or a read receipt, whoever its envelope names as the sender.
        return /^multipart\/report\b/i.test(fieldValue(field));
      default:
        return LIST.test(field.name);
    }
  });
}
