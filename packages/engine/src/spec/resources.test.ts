import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PluginLimits } from '../config/plugin-options.ts';
import { createLimits, createLimitsUpdate, createRlimits } from './resources.ts';

const swap = { limitsSwap: true };
const noSwap = { limitsSwap: false };

describe('createLimits()', () => {
  const cases: readonly (readonly [string, PluginLimits, { readonly limitsSwap: boolean }, object])[] = [
    ['nothing', {}, swap, {}],
    ['memory without swap beyond it', { memoryBytes: 1e8 }, swap, { memory: { limit: 1e8, swap: 1e8 } }],
    ['memory alone where swap cannot be bound', { memoryBytes: 1e8 }, noSwap, { memory: { limit: 1e8 } }],
    ['half a processor', { cpus: 0.5 }, swap, { cpu: { quota: 50_000, period: 100_000 } }],
    ['the least share of a processor', { cpus: 0.01 }, swap, { cpu: { quota: 1000, period: 100_000 } }],
    [
      'a share that floating point cannot hold',
      { cpus: 1.15 },
      swap,
      { cpu: { quota: 115_000, period: 100_000 } },
    ],
    ['processes', { pids: 7 }, swap, { pids: { limit: 7 } }],
    ['what each process keeps: nothing', { openFiles: 9 }, swap, {}],
  ];
  for (const [name, limits, host, expected] of cases) {
    test(`bounds ${name}`, () => assert.deepEqual(createLimits(limits, host), expected));
  }
});

describe('createLimitsUpdate()', () => {
  test('removes every bound that is not named', () => {
    const none = { cpu: { quota: -1, period: 100_000 }, pids: { limit: -1 } };
    assert.deepEqual(createLimitsUpdate({}, swap), { memory: { limit: -1, swap: -1 }, ...none });
    assert.deepEqual(createLimitsUpdate({}, noSwap), { memory: { limit: -1 }, ...none });
  });

  test('keeps those that are named', () => {
    assert.deepEqual(createLimitsUpdate({ memoryBytes: 1e8, cpus: 2, pids: 3 }, swap), {
      memory: { limit: 1e8, swap: 1e8 },
      cpu: { quota: 200_000, period: 100_000 },
      pids: { limit: 3 },
    });
  });
});

test('createRlimits() bounds open files, hard and soft', () => {
  assert.deepEqual(createRlimits(9), [{ type: 'RLIMIT_NOFILE', soft: 9, hard: 9 }]);
});
