import { SmartForwardRequest, SmartForwardResponse } from '../documents/compose-mail.ts';
import { type Command, ProtocolFailure } from '../protocol/command.ts';
import { type SendOptions, sendOptions } from './compose/options.ts';
import { composeRequest, fromDerivedMessage } from './compose/request.ts';
import { type SendServices, send } from './compose/send.ts';

/** MS-ASCMD 2.2.1.19: the source goes along with its attachments, unless the client sends it itself (ReplaceMime). */
export function createSmartForward(
  services: SendServices,
  given?: Partial<SendOptions>,
): Command<SmartForwardRequest, SmartForwardResponse> {
  const options = sendOptions(given);
  return {
    name: 'SmartForward',
    code: 2,
    request: SmartForwardRequest,
    response: SmartForwardResponse,
    body: 'required',
    mime: { upTo: 121, read: fromDerivedMessage },
    needsPolicy: true,
    async run(context, request) {
      if (!request) throw new ProtocolFailure(101, 'no request');
      return await send(services, context, composeRequest('forward', request), options);
    },
    failure: (Status) => ({ Status }),
  };
}
