import { SendMailRequest, SendMailResponse } from '../documents/compose-mail.ts';
import { type Command, ProtocolFailure } from '../protocol/command.ts';
import { type SendOptions, sendOptions } from './compose/options.ts';
import { composeRequest, fromMessage } from './compose/request.ts';
import { type SendServices, send } from './compose/send.ts';

/** MS-ASCMD 2.2.1.17. Success is an empty answer (R463, R4379). @throws RangeError for options that are none */
export function createSendMail(
  services: SendServices,
  given?: Partial<SendOptions>,
): Command<SendMailRequest, SendMailResponse> {
  const options = sendOptions(given);
  return {
    name: 'SendMail',
    code: 1,
    request: SendMailRequest,
    response: SendMailResponse,
    body: 'required',
    mime: { upTo: 121, read: fromMessage },
    needsPolicy: true,
    async run(context, request) {
      if (!request) throw new ProtocolFailure(101, 'no request');
      return await send(services, context, composeRequest('send', request), options);
    },
    failure: (Status) => ({ Status }),
  };
}
