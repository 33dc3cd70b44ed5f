import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPlatform } from '@outboard/oci';
import { amd64Level, readHostPlatform } from './host-platform.ts';

const v2 = 'fpu cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3';
const v3 = `${v2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave`;
const v4 = `${v3} avx512f avx512bw avx512cd avx512dq avx512vl`;

for (const [name, flags, level] of [
  ['an old processor', 'fpu sse sse2', undefined],
  ['a processor that lacks one flag of v2', v2.replace('popcnt', ''), undefined],
  ['v2', v2, 'v2'],
  ['v3', v3, 'v3'],
  ['v4', v4, 'v4'],
  ['v4 without a flag of v3', v4.replace('movbe', ''), 'v2'],
] as const) {
  test(`amd64Level() of ${name}`, () => {
    const text = `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t: none\n\nprocessor\t: 1\nflags\t\t: ${v4}\n`;
    assert.equal(amd64Level(text), level);
  });
}

test('amd64Level() of a text without flags', () => assert.equal(amd64Level(''), undefined));

test('readHostPlatform() names the architecture of this process', async () => {
  const { os, architecture } = await readHostPlatform();
  assert.deepEqual([os, architecture], [hostPlatform().os, hostPlatform().architecture]);
});
