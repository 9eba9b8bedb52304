import {
  container,
  dateTime,
  document,
  flag,
  type Infer,
  int,
  opaque,
  optional,
  repeated,
  sensitive,
  text,
  within,
} from '../wbxml/schema.ts';
import { Body } from './airsyncbase.ts';

const message = {
  /** Repeated by a client that lost the answer: the mail goes out once (status 118). */
  ClientId: text(),
  AccountId: optional(text()),
  SaveInSentItems: flag(),
  Mime: optional(sensitive(opaque())),
  TemplateID: within('RightsManagement', optional(text())),
};

const source = container('ComposeMail', {
  FolderId: optional(text()),
  ItemId: optional(text()),
  LongId: optional(text()),
  /** One occurrence of a series; a date that is none is status 104. */
  InstanceId: optional(dateTime()),
});

/** MS-ASCMD 2.2.1.17, from 14.0 on; before, the body of the request is the message itself. */
export const SendMailRequest = document('ComposeMail', 'SendMail', message);
export type SendMailRequest = Infer<typeof SendMailRequest>;

const forwardee = container('ComposeMail', { Name: optional(sensitive(text())), Email: sensitive(text()) });

const derived = { ...message, Source: source, ReplaceMime: flag() };

/** MS-ASCMD 2.2.1.20. */
export const SmartReplyRequest = document('ComposeMail', 'SmartReply', derived);
export type SmartReplyRequest = Infer<typeof SmartReplyRequest>;

/** MS-ASCMD 2.2.1.19; from 16.0 on an event goes out to Forwardees without a message. */
export const SmartForwardRequest = document('ComposeMail', 'SmartForward', {
  ...derived,
  Forwardees: optional(container('ComposeMail', { Forwardee: repeated(forwardee) })),
  Body: within('AirSyncBase', optional(Body)),
});
export type SmartForwardRequest = Infer<typeof SmartForwardRequest>;

/** Success is an empty HTTP body; a document tells of a failure. */
const status = { Status: optional(int()) };
export const SendMailResponse = document('ComposeMail', 'SendMail', status);
export type SendMailResponse = Infer<typeof SendMailResponse>;
export const SmartReplyResponse = document('ComposeMail', 'SmartReply', status);
export type SmartReplyResponse = Infer<typeof SmartReplyResponse>;
export const SmartForwardResponse = document('ComposeMail', 'SmartForward', status);
export type SmartForwardResponse = Infer<typeof SmartForwardResponse>;
