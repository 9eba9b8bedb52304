import { describe, expect, it } from 'vitest';
import type { Email } from '../../lib/documents/items/email.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { dataOf } from '../support/sync-phone.ts';
import { startServer } from './harness.ts';
import { startRelay } from './relay.ts';
import { type Person, ready, sharedServer, until } from './shared.ts';

const shared = sharedServer();
const READ = dataOf({ Read: true }, 161);

async function received(lines: readonly string[], version: ProtocolVersion = 141, person?: Person): Promise<Email> {
  const owner = person ?? (await shared.person());
  await owner.deliver([`From: Ada <ada@sender.test>`, ...lines].join('\r\n').replaceAll('ME', owner.address));
  const phone = await ready(owner, { version });
  return [...phone.inbox.items.values()][0]!;
}

describe('ReceivedAsBcc', () => {
  it.each([
    ['somebody else', ['To: bob@sender.test', '', 'x'], true],
    ['nobody', ['To: undisclosed-recipients:;', '', 'x'], true],
    ['the recipient', ['To: Kim <ME>', '', 'x'], undefined],
    ['the recipient in Cc', ['To: bob@sender.test', 'Cc: ME', '', 'x'], undefined],
    ['a mailing list', ['To: list@sender.test', 'List-Id: <list.sender.test>', '', 'x'], undefined],
  ])('of mail to %s [MS-ASEMAIL R649]', async (_, lines, expected) => {
    expect((await received(lines)).ReceivedAsBcc).toBe(expected);
    expect((await received(lines, 121)).ReceivedAsBcc).toBeUndefined();
  });
});

describe('people of a message', () => {
  it('are told as they are written [MS-ASEMAIL R328 R330 R399 R710 R786 R721 R722 R724 R1073]', async () => {
    const mail = await received([
      'Sender: Secretary <sec@sender.test>',
      'To: Kim <ME>, "Bob B" <bob@sender.test>',
      'Cc: carol@sender.test, Dan <dan@sender.test>',
      'Reply-To: a@sender.test, b@sender.test',
      '',
      'x',
    ]);
    expect(mail).toMatchObject({
      From: '"Ada" <ada@sender.test>',
      Sender: '"Secretary" <sec@sender.test>',
      Cc: 'carol@sender.test, "Dan" <dan@sender.test>',
      ReplyTo: 'a@sender.test;b@sender.test',
      DisplayTo: 'Kim;Bob B',
      InternetCPID: '20127',
    });
    expect(mail.To).toMatch(/^"Kim" <.*>, "Bob B" <bob@sender\.test>$/);
  });
});

describe('the code page of a message', () => {
  it.each([
    ['utf-8', '65001'],
    ['iso-8859-1', '28591'],
    ['koi8-r', '20866'],
    ['gb2312', '936'],
  ])('of %s is what it came in, whatever it is given in [MS-ASEMAIL R496]', async (charset, page) => {
    const owner = await shared.person();
    const lines = [`Content-Type: text/plain; charset=${charset}`, '', 'x'];
    for (const version of [25, 121, 161] as const) {
      expect((await received(lines, version, owner)).InternetCPID, `version ${version}`).toBe(page);
    }
  });
});

describe('a voice message', () => {
  const lines = (contentClass: string) => [
    'To: ME',
    `Content-Class: ${contentClass}`,
    'X-CallingTelephoneNumber: +15550100',
    'X-VoiceMessageDuration: 12',
    'X-AttachmentOrder: new.wav;old.wav',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=v',
    '',
    '--v\r\nContent-Type: text/plain\r\n\r\nVoice mail\r\n--v',
    'Content-Type: audio/wav; name=old.wav\r\n\r\nOLD\r\n--v',
    'Content-Type: audio/wav; name=new.wav\r\n\r\nNEW\r\n--v',
    'Content-Type: application/pdf; name=fax.pdf\r\n\r\nPDF\r\n--v--\r\n',
  ];

  it.each([
    ['voice', 'IPM.Note.Microsoft.Voicemail.UM'],
    ['voice-ca', 'IPM.Note.Microsoft.Voicemail.UM.CA'],
    ['missedcall', 'IPM.Note.Microsoft.Missed.Voice'],
  ])(
    'of class %s says who called and how long [MS-ASEMAIL R802 R803 R804 R808 R809 R811 R812 R933 R878 R827 R829]',
    async (contentClass, expected) => {
      const mail = await received(lines(contentClass));
      expect(mail).toMatchObject({ MessageClass: expected, UmCallerID: '+15550100' });
      const files = mail.Attachments!.Attachment!;
      expect(
        files.map(({ DisplayName, UmAttDuration, UmAttOrder }) => [DisplayName, UmAttDuration, UmAttOrder]),
      ).toEqual([
        ['old.wav', undefined, 2],
        ['new.wav', 12, 1],
        ['fax.pdf', undefined, undefined],
      ]);
    },
  );

  it('is mail like any other where nobody says that it is one', async () => {
    const mail = await received(lines('urn:content-classes:message'));
    expect(mail.MessageClass).toBe('IPM.Note');
    expect(mail.UmCallerID).toBeUndefined();
    expect(mail.Attachments!.Attachment!.every(({ UmAttOrder }) => UmAttOrder === undefined)).toBe(true);
  });
});

describe('reports', () => {
  const report = (actions: string, returned: string) => [
    'To: ME',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=r',
    '',
    '--r\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--r',
    `Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: ${actions}\r\n--r`,
    `Content-Type: text/rfc822-headers\r\n\r\n${returned}\r\n--r--\r\n`,
  ];

  it.each([
    ['failed', 'Content-Type: text/plain', 'REPORT.IPM.NOTE.NDR'],
    ['delivered', 'Content-Type: text/plain', 'REPORT.IPM.NOTE.DR'],
    ['delayed', 'Content-Type: text/plain', 'REPORT.IPM.NOTE.DELAYED'],
    ['failed', 'Content-Type: application/pkcs7-mime; x=y', 'REPORT.IPM.NOTE.SMIME.NDR'],
    ['relayed', 'Content-Type: application/pkcs7-mime', 'REPORT.IPM.NOTE.SMIME.DR'],
    [
      'failed',
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"',
      'REPORT.IPM.NOTE.SMIME.MULTIPARTSIGNED.NDR',
    ],
    ['failed', 'Content-Type: text/calendar; method=REQUEST', 'REPORT.IPM.SCHEDULE.MEETING.REQUEST.NDR'],
    ['failed', 'Content-Type: text/calendar; method=CANCEL', 'REPORT.IPM.SCHEDULE.MEETING.CANCELED.NDR'],
    [
      'failed',
      'Content-Type: text/calendar; method=REPLY\r\n\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b',
      'REPORT.IPM.SCHEDULE.MEETING.RESP.POS.NDR',
    ],
    [
      'failed',
      'Content-Type: text/calendar; method=REPLY\r\n\r\nATTENDEE;PARTSTAT=TENTATIVE:mailto:a@b',
      'REPORT.IPM.SCHEDULE.MEETING.RESP.TENT.NDR',
    ],
    ['delivered', 'Content-Type: text/calendar; method=REQUEST', 'REPORT.IPM.NOTE.DR'],
  ])('that a message was %s have a class by what it was: %s [MS-ASEMAIL R601 R603]', async (action, head, expected) => {
    expect((await received(report(action, head))).MessageClass).toBe(expected);
  });
});

describe('a read receipt', () => {
  it('is asked for by the sender’s own header, and sent by nobody on the reader’s behalf', async () => {
    const relay = await startRelay();
    const server = await startServer({ relayUrl: relay.url });
    const kim = server.phone({ version: 161 });
    await kim.start();
    const mime =
      'To: bob@elsewhere.test\r\nSubject: Q\r\nDisposition-Notification-To: kim@example.test\r\n\r\nHello\r\n';
    await kim.client.compose('SendMail', { mime: Buffer.from(mime), save: false });
    await until(() => relay.messages.length > 0);
    expect(relay.messages[0]!.raw.toString()).toContain('Disposition-Notification-To: kim@example.test');
    const asked =
      'From: a@elsewhere.test\r\nTo: kim@example.test\r\nDisposition-Notification-To: a@elsewhere.test\r\n\r\nx';
    await server.deliver('kim@example.test', Buffer.from(asked));
    await kim.drain(kim.inbox);
    const [id] = [...kim.inbox.items.keys()];
    const Commands = [{ tag: 'Change' as const, value: { ServerId: id!, ApplicationData: READ } }];
    await kim.sync(kim.inbox, { Commands });
    // RFC 8098 2.1: only the reader may agree to it, and the protocol has no way to ask.
    expect(relay.messages).toHaveLength(1);
  });
});
