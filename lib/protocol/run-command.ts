import type { EasRequest, EasResponse, Held } from '../http/types.ts';
import type { Account, Device } from '../identity/types.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import type { Budget } from '../ops/budget.ts';
import type { DeviceId } from '../ops/ids.ts';
import type { Holder } from '../push/types.ts';
import { decode } from '../wbxml/index.ts';
import { type AdmissionDeps, type Asking, admit, countRequest } from './admission.ts';
import { readBody } from './body.ts';
import { BodyRoom } from './body-room.ts';
import { type CommandResult, ProtocolFailure } from './command.ts';
import { classify, failureAnswer } from './failures.ts';
import type { CheckedLimits } from './limits.ts';
import { checkContentType, type RequestHead } from './request-head.ts';
import type { Encoding, Responder } from './responder.ts';
import { failureSaid, saidOf } from './said.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Turns } from './turns.ts';

export interface RunDeps extends AdmissionDeps {
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  readonly holder: Pick<Holder, 'hold'>;
  readonly lane: 'lambda' | 'task';
  readonly limits: CheckedLimits;
  /** Memory for the bodies of all requests. */
  readonly bodies: Budget;
  readonly turns: Turns;
}

/** A request whose user, command and version are known. */
export interface Work {
  readonly request: EasRequest;
  readonly requestId: string;
  readonly head: RequestHead;
  readonly account: Account;
  readonly encoding: Encoding;
}

/**
 * Device, policy, body, command, answer.
 * @throws ProtocolFailure, HttpFailure and whatever the command throws
 */
export async function runCommand(
  deps: RunDeps,
  responder: Responder,
  work: Work,
  signal: AbortSignal,
): Promise<EasResponse | Held> {
  const room = new BodyRoom(deps.bodies);
  let result: CommandResult<unknown>;
  try {
    result = await carriedOut(deps, work, signal, room);
  } finally {
    // What is held keeps nothing of the body.
    room.release();
  }
  if (result.kind !== 'held') return await responder.result(work.encoding, result);
  return await deps.holder.hold(result.hold, encoderOf(responder, work.encoding));
}

/** In one turn where the whole request is there, as it nearly always is; who is still sending may take his time. */
async function carriedOut(
  deps: RunDeps,
  work: Work,
  signal: AbortSignal,
  room: BodyRoom,
): Promise<CommandResult<unknown>> {
  const { turns, limits, clock } = deps;
  const letIn = () => {
    signal.throwIfAborted();
    return admitted(deps, work);
  };
  const read = () => readBody(work.request, { limits, clock, signal, room });
  const run = async (asking: Asking, bytes: Uint8Array) => {
    signal.throwIfAborted();
    const repeats = await countRequest(deps, asking, work.request.query, bytes);
    try {
      const result = await answered(deps, work, asking.device, requestDocument(deps, work, bytes), signal);
      if (repeats) repeats.said = saidOf(result);
      return result;
    } catch (error) {
      if (repeats) repeats.said = failureSaid(error);
      throw error;
    }
  };
  if (work.request.body instanceof Uint8Array) return await turns.work(async () => run(await letIn(), await read()));
  const asking = await turns.admission(letIn);
  const bytes = await read();
  return await turns.work(() => run(asking, bytes));
}

async function admitted(deps: RunDeps, work: Work): Promise<Asking> {
  const { head, encoding, account } = work;
  const asking = { account, device: await partnership(deps, work), head, encoding };
  await admit(deps, asking);
  return asking;
}

function answered(
  deps: RunDeps,
  { head, encoding, account, request, requestId }: Work,
  device: Device,
  document: unknown,
  signal: AbortSignal,
): Promise<CommandResult<unknown>> {
  return withTimeLimit(deps.clock, deps.limits.commandMs, signal, (limited) =>
    encoding.command.run(
      {
        version: head.version,
        account,
        mailbox: deps.mailboxes.open(account.id, account),
        device,
        query: head.query,
        policyKey: head.policyKey,
        userAgent: request.headers['user-agent'],
        lane: deps.lane,
        requestId,
        clock: deps.clock,
        log: deps.log,
        signal: limited,
      },
      document,
    ),
  );
}

/** What a held request keeps: its encoding, and nothing of the request itself. */
function encoderOf(responder: Responder, encoding: Encoding): (result: CommandResult<unknown>) => EasResponse {
  return (result) => {
    try {
      return responder.resultNow(encoding, result);
    } catch (error) {
      return failureAnswer(classify(error).failure, { encoding, hasPolicyKey: false }, responder);
    }
  };
}

/** AOSP tests an account under this DeviceId: no partnership may come of it. */
const VALIDATE = 'validate';

async function partnership(deps: RunDeps, { head, request, account }: Work): Promise<Device> {
  const id = head.query.deviceId.toLowerCase() as DeviceId;
  const type = head.query.deviceType;
  const userAgent = request.headers['user-agent'];
  if (id !== VALIDATE) return await deps.devices.touch(account.id, { id, type, userAgent, version: head.version });
  const now = deps.clock.now();
  return { id, type, userAgent, version: head.version, firstSeen: now, lastSeen: now };
}

/** The body as the command's request; `undefined` for an empty one where the command allows it. */
function requestDocument(deps: RunDeps, work: Work, bytes: Uint8Array): unknown {
  const { command, version } = work.encoding;
  if (command.body === 'none') return undefined;
  if (bytes.length === 0) {
    if (command.body === 'optional') return undefined;
    throw new ProtocolFailure(101, 'the command needs a body');
  }
  checkContentType(work.request);
  if (command.mime && version <= command.mime.upTo) return command.mime.read(bytes, work.head.query);
  return decode(command.request, bytes, version, deps.limits.wbxml);
}
