import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { allChecks, staticChecks } from './check-table.ts';
import { selectChecks } from './select-checks.ts';
import { staticResults } from './static-results.ts';
import { reduceConfig } from './unused-privileges.ts';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));
const page = join(repository, 'docs', 'conformance.md');
const begin = '<!-- Generated from packages/authoring/src/check/check-table.ts. -->\n\n';
const end = '\n<!-- End of the generated table. -->';

test('docs/conformance.md lists every check', () => {
  const rows = allChecks.map(
    ({ code, level = '', kind = '', title }) => `| \`${code}\` | ${level} | ${kind} | ${title} |\n`,
  );
  const table = `| code | level | kind | requirement |\n| --- | --- | --- | --- |\n${rows.join('')}`;
  const [before, rest = ''] = readFileSync(page, 'utf8').split(begin);
  const [found, after] = rest.split(end);
  // To regenerate the table: OUTBOARD_WRITE_DOCS=1 npm test check-table
  if (process.env.OUTBOARD_WRITE_DOCS === '1') writeFileSync(page, `${before}${begin}${table}${end}${after}`);
  else assert.equal(found, table);
});

test('every code is there once, in a group, and every finding of the engine has one', () => {
  const codes = allChecks.map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code, index) => codes.indexOf(code) !== index || !/^[a-z]+\/[a-z0-9.-]+$/.test(code)),
    [],
  );
  const engine = join(repository, 'packages', 'engine', 'src');
  const sources = ['config', 'preflight'].flatMap((directory) =>
    readdirSync(join(engine, directory))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(engine, directory, name), 'utf8')),
  );
  const used = new Set(sources.join('\n').match(/(?<=')(?:config|rootfs)\/[a-z-]+(?=')/g));
  assert.deepEqual([...used].sort(), staticChecks.map(({ code }) => code).sort());
});

test('selectChecks() takes codes and groups, and names what there is', () => {
  const isSelected = selectChecks({ only: ['volume', 'start/ready'], skip: ['volume/create'] });
  assert.deepEqual(
    ['volume/mount', 'volume/create', 'volume/create-twice', 'start/ready', 'start/late'].map(isSelected),
    [true, false, true, true, false],
  );
  assert.ok(selectChecks({})('config/socket'));
  for (const word of ['volum', 'volume/', '', 'volume/nothing']) {
    assert.throws(() => selectChecks({ skip: [word] }), {
      kind: 'invalid',
      message: /want a code, or a group: config, rootfs/,
    });
  }
});

test('staticResults() makes an error of what cannot be created or started, and of a foreign architecture', () => {
  const finding = (code: string, severity: 'refused' | 'mistake' | 'flaw' | 'warning') => ({
    code,
    severity,
    message: 'm',
  });
  const results = staticResults(
    [
      finding('config/socket', 'refused'),
      finding('config/env', 'mistake'),
      finding('rootfs/program', 'flaw'),
      finding('config/network', 'warning'),
      finding('rootfs/architecture', 'warning'),
    ],
    (code) => code !== 'config/mount',
  );
  const levels = results
    .filter(({ status }) => status === 'finding')
    .map(({ code, level }) => `${level} ${code}`);
  assert.deepEqual(levels, [
    'error config/socket',
    'error config/env',
    'warning config/network',
    'error rootfs/program',
    'error rootfs/architecture',
  ]);
  assert.equal(results.length, staticChecks.length - 1);
});

test('reduceConfig() leaves out one privilege at a time, and nothing else', () => {
  const mount = { Source: '/a', Destination: '/b' };
  const config = {
    Description: 'd',
    Network: { Type: 'host' },
    PidHost: true,
    IpcHost: false,
    Mounts: [mount, { Source: '/c', Destination: '/d' }],
    Linux: { AllowAllDevices: true, Devices: [{ Path: '/dev/fuse' }], Capabilities: ['CAP_A', 'CAP_B'] },
  };
  const reduced = reduceConfig(config);
  assert.deepEqual(
    reduced.map(({ privilege }) => privilege),
    [
      'network: host',
      'pid namespace of the host',
      'access to all devices',
      'mount: /a',
      'mount: /c',
      'device: /dev/fuse',
      'capability: CAP_A',
      'capability: CAP_B',
    ],
  );
  assert.deepEqual(reduced[4]?.config, { ...config, Mounts: [mount] });
  assert.deepEqual(reduced[6]?.config, { ...config, Linux: { ...config.Linux, Capabilities: ['CAP_B'] } });
  assert.deepEqual(reduceConfig({ Network: { Type: 'none' } }), []);
});
