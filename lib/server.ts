import type { Handler } from './http/types.ts';
import { createBudget } from './ops/budget.ts';
import type { AnyCommand } from './protocol/command.ts';
import { createDispatcher, type DispatcherDeps } from './protocol/dispatcher.ts';
import { type RequestLimits, requestLimits } from './protocol/limits.ts';
import { type PasswordOptions, passwordOptions } from './protocol/password-age.ts';
import { createRegistry, type Registry } from './protocol/registry.ts';
import { Throttle, type ThrottleOptions } from './protocol/throttle.ts';
import { createTurns } from './protocol/turns.ts';
import { type ProtocolVersion, SUPPORTED_VERSIONS } from './protocol/versions.ts';

type Made = 'registry' | 'limits' | 'bodies' | 'turns' | 'realm' | 'passwords' | 'throttle';

/** Everything that the product needs of the world around it. */
export interface ServerDeps extends Omit<DispatcherDeps, Made> {
  /**
   * The commands, or a function that makes them from the registry: FolderSync repeats what is advertised
   * (`registry.reinitialize`), which depends on the commands.
   */
  readonly commands: readonly AnyCommand[] | ((advertise: () => Registry) => readonly AnyCommand[]);
  readonly versions?: readonly ProtocolVersion[];
  readonly limits?: Partial<RequestLimits>;
  readonly realm?: string;
  readonly passwords?: Partial<PasswordOptions>;
  /** How much a device may ask; the defaults where absent. */
  readonly throttle?: Partial<ThrottleOptions>;
}

/**
 * The product as one function, for whatever host: `lib/http/node.ts`, `lib/http/hybrid.ts`, a Lambda or a test.
 * @throws RangeError or TypeError for limits, versions or commands that cannot be
 */
export function createServer(deps: ServerDeps): Handler {
  const registered: { current?: Registry } = {};
  const later = (): Registry => {
    if (!registered.current) throw new TypeError('the registry is asked for before it is complete');
    return registered.current;
  };
  const commands = typeof deps.commands === 'function' ? deps.commands(later) : deps.commands;
  const registry = createRegistry(commands, deps.versions ?? SUPPORTED_VERSIONS);
  registered.current = registry;
  const limits = requestLimits(deps.limits);
  const bodies = createBudget(limits.bodiesBytes);
  const turns = createTurns(limits.atOnce);
  const realm = deps.realm ?? 'Direct Push';
  if (!/^[\w .,:@/+-]+$/.test(realm)) throw new TypeError('realm must be plain text');
  const passwords = passwordOptions(deps.passwords);
  const throttle = new Throttle(deps.clock, deps.throttle);
  return createDispatcher({ ...deps, registry, limits, bodies, turns, realm, passwords, throttle });
}
