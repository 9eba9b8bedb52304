/** Prints docs/cost.md: `npm run --silent cost > docs/cost.md`. A test compares the two. */
import { pathToFileURL } from 'node:url';
import {
  ALARM_METRICS,
  breakEven,
  CUSTOM_METRICS,
  costOf,
  DAY,
  PRICES,
  PROCESS_MB,
  perProcessVm,
  planFor,
  tasksOf,
  totalOf,
  VM_USABLE_MB,
  vmMonth,
} from './cost-model.ts';

const SIZES = [100, 1000, 100_000, 10_000_000];

const dollars = (value: number) =>
  value < 100 ? value.toFixed(2) : Math.round(value).toLocaleString('en-US').replaceAll(' ', ',');
const count = (value: number) => value.toLocaleString('en-US');

export function costPage(): string {
  const idle = costOf({ ...planFor(0), devices: 0 });
  const plans = SIZES.map(planFor);
  const costs = plans.map(costOf);
  const parts = [...idle.keys()];
  const idleTotal = totalOf(idle);
  const thousand = totalOf(costs[1]!);
  return `# Cost

Dollars a month in us-east-1 at list prices, without free tiers, discounts, tax, mail transport (SES: 0.10 for 1,000
messages), the storage of messages (S3) and the address list, which is read as a whole, at most twice a minute and process,
while somebody types a name: 1,000 accounts are 11 dollars in a month of typing. This page is printed by
\`npm run --silent cost\`; its prices and assumptions are the constants of \`tools/cost-model.ts\`. They are a calculation,
not an invoice.

## Idle

**${dollars(idleTotal)} a month before the first phone connects**: two tasks in two zones, a load balancer, addresses,
${ALARM_METRICS} metrics with alarms. With the first phones come up to ${CUSTOM_METRICS} metrics of its own, ${dollars((CUSTOM_METRICS - 1) * PRICES.customMetric)} more.

| part | idle |
| --- | ---: |
${parts.map((part) => `| ${part} | ${dollars(idle.get(part)!)} |`).join('\n')}
| **total** | **${dollars(idleTotal)}** |

With \`highAvailability: false\` one task and its address are left out: ${dollars(idleTotal - taskMonth())}.

## With phones

| phones | ${SIZES.map(count).join(' | ')} |
| --- | ${SIZES.map(() => '---:').join(' | ')} |
${parts.map((part) => `| ${part} | ${costs.map((cost) => dollars(cost.get(part)!)).join(' | ')} |`).join('\n')}
| **total** | ${costs.map((cost) => `**${dollars(totalOf(cost))}**`).join(' | ')} |
| for each phone | ${costs.map((cost, n) => (totalOf(cost) / SIZES[n]!).toFixed(4)).join(' | ')} |
| holder tasks | ${plans.map((plan) => `${count(tasksOf(plan))} of ${plan.cpu} vCPU`).join(' | ')} |
| transport of wakes | ${plans.map(({ transport }) => transport).join(' | ')} |

At scale the money is in the tables and the load balancer's capacity units, not in holding. From 100,000 phones on,
provisioned or reserved table capacity is worth a look; ten million need quotas raised and several load balancers.

## Against one small machine

The same software on one t4g.small with an address and a disk is **${dollars(vmMonth)} a month**, and no number of phones that
fits on one machine makes AWS cheaper than that: at 1,000 phones it is ${dollars(thousand)} against ${dollars(vmMonth)}. What the
difference of ${dollars(thousand - vmMonth)} buys is a second zone, deployments that drop nothing, restores to any second, and
nobody who patches a machine. If an hour of that work a month is worth less to you, run \`npm start\` on a machine.

Against servers that keep a process for each held Ping (${PROCESS_MB} MB of the ${count(VM_USABLE_MB)} MB that such a machine has to give: ${perProcessVm} phones
on each machine) AWS is cheaper from **${count(breakEven())} phones** on.

## Assumptions

A phone and day: ${DAY.pings} Pings, ${DAY.syncs} Syncs, ${DAY.others} other commands, ${DAY.mails} HTML mails and ${DAY.flags} flags or
deletions from elsewhere that wake it, ${(DAY.egressMb * 30).toFixed(0)} MB of answers a month.

| | each | units |
| --- | --- | --- |
| Ping | ${DAY.writesPerPing} writes, ${DAY.readsPerPing} reads | registered, looked, removed |
| Sync | ${DAY.writesPerSync} writes, ${DAY.readsPerSync} reads, ${DAY.gbSecondsPerSync} GB-seconds | a function |
| mail | ${DAY.writesPerMail} writes, ${DAY.readsPerChange} reads, ${DAY.gbSecondsPerMail} GB-seconds; ${DAY.putsPerMail} objects put, ${DAY.getsPerMail} got | in a transaction, where a KB is two units |
| flag | ${DAY.writesPerFlag} writes, ${DAY.readsPerChange} reads | the mail's row anew |
| device | ${DAY.writesPerDevice} writes a day | when it was last seen |
| log | ${count(DAY.logBytesPerPing)} bytes a Ping, ${count(DAY.logBytesPerCall)} a call of a function or a mail | what Lambda writes by itself included |
| sweep | ${DAY.readsPerSweep} reads, ${DAY.sweeps} a day | the guard against lost wakes |
| rows | ${DAY.rowsMb} MB a mailbox | with point-in-time recovery |

| price | dollars |
| --- | ---: |
${Object.entries(PRICES)
  .map(([name, price]) => `| ${name} | ${price} |`)
  .join('\n')}
`;
}

function taskMonth(): number {
  const two = costOf({ ...planFor(0), devices: 0 });
  return two.get('holder tasks')! / 2 + PRICES.publicAddressHour * 730;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.stdout.write(costPage());
