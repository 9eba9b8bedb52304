/** The id by which meetings were known up to 14.1: MS-ASEMAIL 2.2.2.37. */

const CLASS_ID = Buffer.from('040000008200e00074c5b7101a82e008', 'hex');
/** INSTDATE, NOW, the reserved bytes and BYTECOUNT follow the class id. */
const HEAD_BYTES = 40;
const VCAL = Buffer.from('vCal-Uid\x01\0\0\0', 'latin1');

/** Base64. `instance` is when the occurrence was to begin that the message is about. */
export function globalObjectId(uid: string, instance?: number): string {
  const bytes = outlookId(uid) ?? calendarId(uid);
  if (instance !== undefined) writeInstance(bytes, new Date(instance));
  return bytes.toString('base64');
}

/** Outlook writes its own id as the UID, in hexadecimal digits. */
function outlookId(uid: string): Buffer | undefined {
  if (!/^(?:[0-9a-f]{2}){40,512}$/i.test(uid)) return undefined;
  const bytes = Buffer.from(uid, 'hex');
  const whole = bytes.length === HEAD_BYTES + bytes.readUInt32LE(HEAD_BYTES - 4);
  return whole && bytes.subarray(0, CLASS_ID.length).equals(CLASS_ID) ? bytes : undefined;
}

function calendarId(uid: string): Buffer {
  const data = Buffer.concat([VCAL, Buffer.from(uid, 'utf8'), Buffer.alloc(1)]);
  const head = Buffer.alloc(HEAD_BYTES);
  CLASS_ID.copy(head);
  head.writeUInt32LE(data.length, HEAD_BYTES - 4);
  return Buffer.concat([head, data]);
}

function writeInstance(bytes: Buffer, date: Date): void {
  bytes.writeUInt16BE(date.getUTCFullYear(), 16);
  bytes[18] = date.getUTCMonth() + 1;
  bytes[19] = date.getUTCDate();
}
