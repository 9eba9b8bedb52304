import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskMemory } from '../../../lib/cloud/task-memory.ts';
import { CLOUD_ENV, type CloudEnvName } from '../../../lib/ops/cloud-env.ts';
import { readConfig } from '../../../lib/ops/config.ts';
import { requestLimits } from '../../../lib/protocol/limits.ts';
import { holdOptions } from '../../../lib/push/options.ts';

const MIB = 2 ** 20;

describe('the memory of a task', () => {
  it('is enough for all that the task takes on at one time, whatever its size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1024, max: 122_880 }), (memoryMiB) => {
        const { sumMiB, heapMiB, maxHeld, bodiesBytes, relaying } = taskMemory(memoryMiB);
        expect(sumMiB).toBeLessThanOrEqual(memoryMiB);
        // Held requests and the base64 of what is relayed are in the heap.
        expect((maxHeld * 3.1) / 1024 + relaying * 54).toBeLessThan(heapMiB / 2);
        expect(() => [requestLimits({ bodiesBytes }), holdOptions({ maxHeld })]).not.toThrow();
      }),
    );
  });

  it('of the smallest task of Fargate is too little for the least of each', () => {
    expect(taskMemory(512)).toMatchObject({ bodiesBytes: 40 * MIB, relaying: 1 });
    expect(taskMemory(512).sumMiB).toBeGreaterThan(512);
  });

  it('does more at once where there is more', () => {
    expect(taskMemory(1024)).toMatchObject({ heapMiB: 512, maxHeld: 20_480, bodiesBytes: 108 * MIB, relaying: 1 });
    expect(taskMemory(4096)).toMatchObject({ bodiesBytes: 256 * MIB, relaying: 5 });
  });

  it.each([Number.NaN, 0, 256, 1024.5])('of %d MiB is refused', (memoryMiB) => {
    expect(() => taskMemory(memoryMiB)).toThrow(RangeError);
  });
});

describe('what a task is told of it', () => {
  const read = (name: CloudEnvName, value?: string) => readConfig([name], value ? { [CLOUD_ENV[name]]: value } : {});

  it.each([
    ['maxHeld', 20_480],
    ['bodiesBytes', 108 * MIB],
    ['relaying', 2],
  ] as const)('%s is a number, or left to the product', (name, value) => {
    expect(read(name, String(value))[name]).toBe(value);
    expect(read(name)[name]).toBeUndefined();
    for (const wrong of ['0', 'NaN', '-1', '1e99', 'many']) expect(() => read(name, wrong)).toThrow(CLOUD_ENV[name]);
  });

  it('bodies are room for the largest at least', () => {
    expect(() => read('bodiesBytes', String(40 * MIB - 1))).toThrow(CLOUD_ENV.bodiesBytes);
  });
});
