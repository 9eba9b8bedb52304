import type { Command } from 'commander';
import type { Device } from '../../lib/identity/types.ts';
import type { DeviceId } from '../../lib/ops/ids.ts';
import { versionName } from '../../lib/protocol/versions.ts';
import { withDomain } from './domain.ts';
import { CliError, printList, when } from './output.ts';
import { known } from './user.ts';

/** `device list|wipe|remove`. */
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

const deviceRow = (device: Device) => ({
  device: device.id,
  type: device.type,
  model: device.information?.model,
  os: device.information?.os,
  version: device.version && versionName(device.version),
  'last seen': when(device.lastSeen),
  wipe: device.wipe && `${device.wipe.kind} ${device.wipe.state}`,
  blocked: device.blocked ?? false,
});
