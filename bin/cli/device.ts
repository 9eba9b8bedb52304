import type { Command } from 'commander';
import type { Device } from '../../lib/identity/types.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import type { DeviceId } from '../../lib/ops/ids.ts';
import { versionName } from '../../lib/protocol/versions.ts';
import { withDomain } from './domain.ts';
import { CliError, printList, when } from './output.ts';
import { known } from './user.ts';

/** `device list|approve|block|quarantine|reset|wipe|remove`. */
export function deviceCommands(program: Command): void {
  const device = program.command('device').description('partnerships: which devices synchronise an account');

  device
    .command('list')
    .description('devices of one account')
    .argument('<address>')
    .option('--json', 'as JSON')
    .action((address: string, flags: { json?: boolean }, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        printList((await domain.devices.list(id)).map(deviceRow), flags.json ?? false);
      }),
    );

  device
    .command('wipe')
    .description('erase a device the next time it asks for anything; a held Ping ends at once')
    .argument('<address>')
    .argument('<device>', 'DeviceId as `device list` shows it')
    .option('--account-only', 'erase the account and its data, nothing else (16.1 and later)')
    .requiredOption('--yes', 'confirm: this cannot be undone')
    .action((address: string, name: string, flags: { accountOnly?: boolean }, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const found = await domain.devices.get(id, name.toLowerCase() as DeviceId);
        if (!found) throw new CliError(`${address} has no device ${name}`);
        await domain.devices.orderWipe(id, found.id, flags.accountOnly ? 'account' : 'device');
        console.error(`Wipe of ${found.id} ordered.`);
      }),
    );

  device
    .command('password')
    .description('the recovery password that a device told, where the policy asks for one (PasswordRecoveryEnabled)')
    .argument('<address>')
    .argument('<device>')
    .action((address: string, name: string, _flags, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const password = await domain.recovery.get(id, name.toLowerCase() as DeviceId);
        if (password === undefined) throw new CliError(`no recovery password of ${name} can be read here`);
        console.log(password);
      }),
    );

  for (const [verb, action, description, done] of DECISIONS) {
    device
      .command(verb)
      .description(description)
      .argument('<address>')
      .argument('<device>', 'DeviceId; it need not have connected yet')
      .action((address: string, name: string, _flags, command) =>
        withDomain(command, async (domain) => {
          const account = await known(domain, address);
          if (!DEVICE_ID.test(name)) throw new CliError(`${name} is no DeviceId`);
          const device = await domain.devices.decide(account.id, name.toLowerCase() as DeviceId, action);
          await domain.notices.device(account, device);
          console.error(`${device.id} ${done}.`);
        }),
      );
  }

  device
    .command('remove')
    .description('forget a partnership: the device starts from nothing the next time')
    .argument('<address>')
    .argument('<device>')
    .action((address: string, name: string, _flags, command) =>
      withDomain(command, async (domain) => {
        const { id } = await known(domain, address);
        const found = await domain.devices.get(id, name.toLowerCase() as DeviceId);
        if (!found) throw new CliError(`${address} has no device ${name}`);
        await domain.devices.remove(id, found.id);
        console.error(`${found.id} removed.`);
      }),
    );
}

const DEVICE_ID = /^[A-Za-z0-9._-]{1,64}$/;

const DECISIONS = [
  ['approve', 'allow', 'let a device in whatever the rules say, and forget how it behaved', 'is let in'],
  ['block', 'block', 'shut a device out whatever the rules say; its user is told by mail', 'is shut out'],
  [
    'quarantine',
    'quarantine',
    'let a device set itself up and read nothing, until it is approved',
    'waits for approval',
  ],
  ['reset', undefined, 'take a decision back: the rules have the say again', 'is left to the rules'],
] as const;

/** What holds for it, and why. */
function accessText({ decided, access, throttled, blocked }: Device): string {
  if (blocked) return 'blocked (wiped)';
  if (throttled && throttled.until > systemClock.now()) return `until ${when(throttled.until)} (${throttled.reason})`;
  if (decided) return `${decided} (by hand)`;
  return access ? `${access.action} (${access.by === 'default' ? 'default' : `rule ${access.by}`})` : 'allow';
}

const deviceRow = (device: Device) => ({
  device: device.id,
  type: device.type,
  model: device.information?.model,
  os: device.information?.os,
  version: device.version && versionName(device.version),
  'last seen': device.lastSeen === 0 ? 'never' : when(device.lastSeen),
  wipe: device.wipe && `${device.wipe.kind} ${device.wipe.state}`,
  access: accessText(device),
});
