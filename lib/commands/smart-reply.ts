import { SmartReplyRequest, SmartReplyResponse } from '../documents/compose-mail.ts';
import { type Command, ProtocolFailure } from '../protocol/command.ts';
import { type SendOptions, sendOptions } from './compose/options.ts';
import { composeRequest, fromDerivedMessage } from './compose/request.ts';
import { type SendServices, send } from './compose/send.ts';

/** MS-ASCMD 2.2.1.20: the source is quoted below, unless the client says that it did so itself (ReplaceMime). */
export function createSmartReply(
  services: SendServices,
  given?: Partial<SendOptions>,
): Command<SmartReplyRequest, SmartReplyResponse> {
  const options = sendOptions(given);
  return {
    name: 'SmartReply',
    code: 3,
    request: SmartReplyRequest,
    response: SmartReplyResponse,
    body: 'required',
    mime: { upTo: 121, read: fromDerivedMessage },
    needsPolicy: true,
    async run(context, request) {
      if (!request) throw new ProtocolFailure(101, 'no request');
      return await send(services, context, composeRequest('reply', request), options);
    },
    failure: (Status) => ({ Status }),
  };
}
