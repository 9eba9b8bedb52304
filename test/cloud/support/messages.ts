/** A message as another mail system sends it; the same subject is the same message. */
export function message(to: string, subject: string, from = 'alex@sender.test'): string {
  return [
    `From: Alex <${from}>`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Message-ID: <${subject.replace(/\W/g, '-')}@sender.test>`,
    'Date: Sat, 03 Jan 2026 12:00:00 +0000',
    '',
    'Hello.',
    '',
  ].join('\r\n');
}
