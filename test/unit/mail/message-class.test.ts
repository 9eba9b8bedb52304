import { describe, expect, test } from 'vitest';
import { Headers, parseStructured } from '../../../lib/mail/headers.ts';
import { type ClassPart, messageClassOf } from '../../../lib/mail/message-class.ts';

const part = (contentType: string, head = '', over: Partial<ClassPart> = {}): ClassPart => ({
  contentType,
  name: '',
  head: () => head,
  ...over,
});
const classOf = (type: string, ...parts: ClassPart[]) =>
  messageClassOf(new Headers([{ key: 'content-type', value: type }]), parts);
const reply = (status: string) => part('text/calendar', `METHOD:REPLY\r\nATTENDEE;PARTSTAT=${status}:mailto:a@x`);
const status = (...actions: string[]) =>
  part('message/delivery-status', actions.map((action) => `Action: ${action}\r\n`).join(''));

describe('the class of a message', () => {
  test.each([
    ['IPM.Note', classOf('text/plain', part('text/plain'))],
    ['IPM.Note', classOf('', part('text/plain'))],
    ['IPM.Note.SMIME', classOf('application/x-pkcs7-mime; smime-type=signed-data', part('application/x-pkcs7-mime'))],
    [
      'IPM.Note.SMIME',
      classOf('application/octet-stream', part('application/octet-stream', '', { name: 'smime.p7m' })),
    ],
    [
      'IPM.Note.Receipt.SMIME',
      classOf('application/pkcs7-mime; smime-type=signed-receipt', part('application/pkcs7-mime')),
    ],
    [
      'IPM.Note.SMIME.MultipartSigned',
      classOf('multipart/signed; protocol="application/pkcs7-signature"', part('text/plain')),
    ],
    ['IPM.Note.SMIME.MultipartSigned', classOf('multipart/signed', part('application/x-pkcs7-signature'))],
    ['IPM.Note', classOf('multipart/signed; protocol="application/pgp-signature"', part('application/pgp-signature'))],
    ['REPORT.IPM.NOTE.NDR', classOf('multipart/report', status('delivered', 'failed'))],
    ['REPORT.IPM.NOTE.NDR', classOf('multipart/report', status())],
    ['REPORT.IPM.NOTE.DELAYED', classOf('multipart/report', status('delayed'))],
    ['REPORT.IPM.NOTE.DR', classOf('multipart/report', status('delivered'))],
    [
      'REPORT.IPM.NOTE.IPNRN',
      classOf('multipart/report', part('message/disposition-notification', 'Disposition: a/b; displayed')),
    ],
    [
      'REPORT.IPM.NOTE.IPNNRN',
      classOf('multipart/report', part('message/disposition-notification', 'Disposition: a/b; deleted')),
    ],
    ['IPM.Note', classOf('multipart/report', part('text/plain'))],
    ['IPM.Schedule.Meeting.Request', classOf('multipart/mixed', part('text/calendar', '', { method: 'request' }))],
    ['IPM.Schedule.Meeting.Request', classOf('multipart/mixed', part('application/ics', 'METHOD:REQUEST\r\n'))],
    ['IPM.Schedule.Meeting.Canceled', classOf('text/calendar', part('text/calendar', 'METHOD:CANCEL'))],
    ['IPM.Schedule.Meeting.Resp.Pos', classOf('text/calendar', reply('ACCEPTED'))],
    ['IPM.Schedule.Meeting.Resp.Tent', classOf('text/calendar', reply('TENTATIVE'))],
    ['IPM.Schedule.Meeting.Resp.Neg', classOf('text/calendar', reply('DECLINED'))],
    ['IPM.Schedule.Meeting.Resp.Tent', classOf('text/calendar', part('text/calendar', 'METHOD:COUNTER'))],
    ['IPM.Note', classOf('text/calendar', part('text/calendar', 'METHOD:PUBLISH'))],
  ])('is %s (%#)', (expected, actual) => {
    expect(actual).toBe(expected);
  });
});

test('a structured field has a value and parameters, the first of each name', () => {
  expect(parseStructured('Multipart/Signed; Protocol="a/b" ; micalg=x; micalg=y; odd')).toEqual({
    value: 'multipart/signed',
    params: { protocol: 'a/b', micalg: 'x' },
  });
  expect(parseStructured(undefined)).toEqual({ value: '', params: {} });
});
