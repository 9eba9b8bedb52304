import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costPage } from '../../tools/cost.ts';
import { breakEven, costOf, perProcessVm, planFor, tasksOf, totalOf, vmMonth } from '../../tools/cost-model.ts';

const total = (devices: number) => totalOf(costOf(planFor(devices)));

describe('docs/cost.md', () => {
  it('is what the script prints', () => {
    expect(readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8')).toBe(costPage());
  });

  it('says the idle cost before anything else', () => {
    const page = costPage();
    expect(page.indexOf('## Idle')).toBeGreaterThan(0);
    expect(page.indexOf('## Idle')).toBeLessThan(page.indexOf('## With phones'));
  });
});

describe('the pages that name the idle cost', () => {
  it.each(['README.md', 'docs/deploy.md'])('%s says what the script computes', (page) => {
    const idle = totalOf(costOf({ ...planFor(0), devices: 0 }));
    const named = [...readFileSync(page, 'utf8').matchAll(/about (\d+) dollars a\s+month\]\([^)]*cost\.md\)/g)];
    expect(named.map(([, figure]) => Number(figure))).toEqual([Math.round(idle)]);
  });
});

describe('the cost model', () => {
  it('more phones never cost less with the same plan', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), (a, b) => total(Math.min(a, b)) <= total(Math.max(a, b)) + 1e-9),
    );
  });

  it('no part is negative or not a number', () => {
    fc.assert(
      fc.property(fc.nat(20_000_000), (devices) => [...costOf(planFor(devices)).values()].every((part) => part >= 0)),
    );
  });

  it('there are never less than two tasks, and always enough', () => {
    fc.assert(
      fc.property(fc.nat(20_000_000), (devices) => {
        const plan = planFor(devices);
        expect(tasksOf(plan)).toBeGreaterThanOrEqual(2);
        expect(tasksOf(plan) * plan.heldPerTask).toBeGreaterThanOrEqual(devices);
      }),
    );
  });

  it('the break-even is one', () => {
    const devices = breakEven();
    const machines = (n: number) => Math.ceil(n / perProcessVm) * vmMonth;
    expect(total(devices)).toBeLessThan(machines(devices));
    expect(total(devices - 1)).toBeGreaterThanOrEqual(machines(devices - 1));
  });

  it('ten million phones: the load balancer by its capacity units', () => {
    const hours = 730;
    expect(costOf(planFor(10_000_000)).get('load balancer')).toBeCloseTo(hours * (0.0225 + (1e7 / 3000) * 0.008), 6);
  });
});
