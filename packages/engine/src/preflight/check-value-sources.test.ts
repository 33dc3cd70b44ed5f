import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkValueSources } from './check-value-sources.ts';

test('checkValueSources() names every source that is not there, and runs no command', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-sources-'));
  context.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'present'), 'x');
  const entries = [
    `A=@file:${directory}/present`,
    `B=@file:${directory}/missing`,
    'C=@credential:present',
    'D=@credential:missing',
    'E=@env:PRESENT',
    'F=@env:MISSING',
    `G=@command:/bin/rm ${directory}/present`,
    'LITERAL=@file:/missing',
  ];
  const settings = {
    env: entries,
    sourced: [...'ABCDEFG'],
    mounts: [],
    devices: [],
    args: [],
  };
  const surroundings = { credentialsDirectory: directory, environment: { PRESENT: '1' } };
  const findings = await checkValueSources({ name: 'acme/p', settings }, surroundings, {});
  assert.deepEqual(
    findings.map(({ what, isFatal }) => [what, isFatal]),
    ['B', 'D', 'F'].map((name) => [`setting "${name}"`, true]),
  );
  const [first] = findings;
  assert.match(
    first?.why ?? '',
    /^setting "B" comes from "@file:\S+\/missing": cannot read "\S+": no such file$/,
  );
  assert.match(first?.remedy ?? '', /outboard set acme\/p B=VALUE$/);
  const [again] = await checkValueSources({ name: 'acme/p', settings }, surroundings, {});
  assert.equal(again?.what, 'setting "B"');
  const nowhere = await checkValueSources({ name: 'acme/p', settings }, {}, {});
  assert.deepEqual(
    nowhere.map(({ what }) => what),
    [...'BCDEF'].map((name) => `setting "${name}"`),
  );
});
