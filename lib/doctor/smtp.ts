import { createTransport } from 'nodemailer';

/** Hands a message to an SMTP server as another mail server would: TLS where it is offered, whatever its certificate. */
export function smtpTo(host: string, port: number, address: string): (raw: string) => Promise<void> {
  const limits = { connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 60_000 };
  const mailer = createTransport({ host, port, secure: port === 465, tls: { rejectUnauthorized: false }, ...limits });
  return async (raw) => {
    await mailer.sendMail({ envelope: { from: address, to: address }, raw });
  };
}
