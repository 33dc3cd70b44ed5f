/**
 * The parts of `npm run test:host` that need no virtual machine.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const load = (name: string) => import(new URL(`../../scripts/${name}`, import.meta.url).href);
const [
  { parseArguments, usage },
  { suites },
  { formatReport },
  { readWriteLog, writeCutDisk },
  { findTests },
] = await Promise.all([
  load('host/arguments.mjs'),
  load('host/suites.mjs'),
  load('host/report.mjs'),
  load('host/write-log.mjs'),
  load('find-tests.mjs'),
]);
const { scenarios } = await load('host/scenarios.mjs');

test('parseArguments() runs every suite with both runtimes, and one cut for each operation, by default', () => {
  const { only, runtimes, cuts, files } = parseArguments([]);
  assert.deepEqual(
    only,
    suites.map(({ name }: { name: string }) => name),
  );
  assert.deepEqual({ runtimes, cuts, files }, { runtimes: ['runc', 'crun'], cuts: 1, files: [] });
});

test('parseArguments() takes what the usage lists', () => {
  const args = [
    '--only',
    'exec',
    '--only',
    'reboot',
    '--runtime',
    'crun',
    '--cuts',
    '5',
    '--seed',
    '7',
    '--keep',
  ];
  const parsed = parseArguments(args);
  assert.deepEqual(parsed.only, ['exec', 'reboot']);
  assert.deepEqual(parsed.runtimes, ['crun']);
  assert.deepEqual([parsed.cuts, parsed.seed, parsed.keep], [5, 7, true]);
  for (const word of args.filter((arg) => arg.startsWith('--'))) assert.ok(usage.includes(word), word);
});

for (const [args, message] of [
  [['--only', 'everything'], /--only "everything" is unknown; expected one of exec, /],
  [['--runtime', 'youki'], /--runtime "youki" is unknown; expected one of runc, crun/],
  [['--cuts', '0'], /--cuts "0" is no number from 1 to 10000/],
  [['--seed', '-1'], /--seed/],
  [['--what'], /Unknown option '--what'/],
] as const) {
  test(`parseArguments() rejects ${args.join(' ')}`, () => {
    assert.throws(() => parseArguments(args), message);
  });
}

test('every suite has tests, a program or a scenario that exists', async () => {
  for (const { name, tests, program, scenario } of suites) {
    if (tests !== undefined) {
      const found: readonly string[] = await findTests(root, tests);
      assert.ok(found.length > 0, `${name}: no test files`);
    }
    if (program !== undefined) assert.ok(readFileSync(join(root, program[0])).length > 0, name);
    if (scenario !== undefined) assert.equal(typeof scenarios[scenario], 'function', name);
    assert.equal([tests, program, scenario].filter((kind) => kind !== undefined).length, 1, name);
  }
});

test('formatReport() tells facts, counts, failures, and each reason for skips once', () => {
  const skips = [{ reason: 'needs a printer', names: ['prints'] }];
  const result = { passed: 3, failed: 1, skipped: 1, failures: ['walks'], skips, seconds: 61.4 };
  const report = formatReport({ kernel: '6.1', cgroup: 'cgroup2fs' }, [
    { ...result, suite: 'exec', runtime: 'runc' },
    { ...result, suite: 'exec', runtime: 'crun', failed: 0, failures: [] },
  ]);
  assert.equal(
    report,
    [
      'kernel  6.1',
      'cgroup  cgroup2fs',
      '',
      'suite  runtime  passed  failed  skipped  seconds',
      'exec   runc     3       1       1        61',
      'exec   crun     3       0       1        61',
      'failed: exec, runc: walks',
      'skipped, needs a printer:',
      '  exec: prints',
      '6 passed, 1 failed, 2 skipped',
    ].join('\n'),
  );
});

/** A log of blklogwrites. @param entries sector, flags, and content that fills one sector, if any */
function writeLogOf(
  entries: readonly (readonly [sector: number, flags: number, content?: string])[],
): Buffer {
  const blocks = [Buffer.alloc(512)];
  blocks[0]?.writeBigUInt64LE(0x6a736677736872n, 0);
  blocks[0]?.writeUInt32LE(512, 24);
  for (const [sector, flags, content] of entries) {
    const header = Buffer.alloc(512);
    header.writeBigUInt64LE(BigInt(sector), 0);
    header.writeBigUInt64LE(content === undefined ? 0n : 1n, 8);
    header.writeBigUInt64LE(BigInt(flags), 16);
    blocks.push(header);
    if (content !== undefined) blocks.push(Buffer.alloc(512, content));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

test('writeCutDisk() keeps what was flushed, and loses of the rest what is chosen', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-test-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const [base, log, target] = ['base', 'log', 'target'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(base, Buffer.alloc(4 * 512, '.'));
  const flush = 1;
  const forceAccess = 2;
  writeFileSync(
    log,
    writeLogOf([
      [0, 0, 'a'],
      [0, flush],
      [1, 0, 'b'],
      [2, forceAccess, 'c'],
      [0, 0, 'd'],
    ]),
  );
  assert.equal(readWriteLog(log).length, 5);
  const diskAfter = (count: number, isLost: () => boolean, from = 0) => {
    writeCutDisk({ base, log, target, from, count, isLost });
    const disk = readFileSync(target, 'latin1');
    return [0, 1, 2, 3].map((sector) => disk[sector * 512]).join('');
  };
  assert.equal(
    diskAfter(5, () => true),
    'a.c.',
  );
  assert.equal(
    diskAfter(5, () => false),
    'dbc.',
  );
  assert.equal(
    diskAfter(1, () => true),
    '....',
  );
  assert.equal(
    diskAfter(2, () => true),
    'a...',
  );
  assert.equal(
    diskAfter(5, () => false, 3),
    'd.c.',
    'the base holds the first three',
  );
  writeFileSync(log, '');
  assert.deepEqual(readWriteLog(log), [], 'nothing was written yet');
});
