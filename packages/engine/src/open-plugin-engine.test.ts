/**
 * Opening and closing engines of which one part fails: all other parts end, and nothing is left.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DisposalStack, type Disposer, type PromiseWithResolvers, withResolvers } from '@outboard/async';
import pino from 'pino';
import { openEngine, openPluginEngine } from './open-plugin-engine.ts';
import type { PluginEngineOptions } from './plugin-engine-options.ts';
import { createPluginLayout } from './store/plugin-layout.ts';
import { writeRecord } from './store/plugin-record-file.ts';
import { recordFixture } from './testing/record-fixture.ts';

let root: string;
/** Settled when a plugin has failed and is about to be restarted. */
let restarting: PromiseWithResolvers<void>;
let timers: number;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'outboard-open-')));
  restarting = withResolvers();
  timers = countTimers();
});
afterEach(() => rmSync(root, { recursive: true }));

/** Options of an engine with all parts, which restarts plugins that fail without a pause. */
function engineOptions() {
  const dataRoot = join(root, 'data');
  const execRoot = join(root, 'run');
  mkdirSync(dataRoot, { recursive: true, mode: 0o700 });
  mkdirSync(execRoot, { recursive: true, mode: 0o700 });
  const write = (line: string) => {
    if (line.includes('a plugin does not run')) restarting.resolve();
  };
  const logger = pino({ level: 'warn' }, { write });
  return {
    dataRoot,
    execRoot,
    logger,
    cgroupDriver: 'cgroupfs',
    legacyDirectories: { sockets: join(root, 'sockets'), specs: [] },
    metricsSocket: { path: join(root, 'metrics.sock'), listen: async () => {} },
    backOff: { initialMs: 1, maxMs: 1 },
  } satisfies PluginEngineOptions;
}

/** Store an enabled plugin that can never be started: its root filesystem is empty. */
async function installBroken(dataRoot: string): Promise<void> {
  const record = recordFixture({ enabled: true });
  const paths = createPluginLayout(dataRoot).plugin(record.id);
  mkdirSync(paths.rootfs, { recursive: true });
  await writeRecord(record, paths);
}

/** A stack with one fault, at the acquisition or the end of the part with that number. */
class FaultyStack extends DisposalStack {
  readonly ended: number[] = [];
  readonly #fault: { readonly at: 'open' | 'close'; readonly part: number } | undefined;
  #parts = 0;

  constructor(fault?: { readonly at: 'open' | 'close'; readonly part: number }) {
    super();
    this.#fault = fault;
  }

  get parts(): number {
    return this.#parts;
  }

  override defer(dispose: Disposer): void {
    const part = this.#parts++;
    const fails = (at: 'open' | 'close') => this.#fault?.at === at && this.#fault.part === part;
    super.defer(async () => {
      await dispose();
      this.ended.push(part);
      if (fails('close')) throw new Error(`part ${part} cannot be closed`);
    });
    if (fails('open')) throw new Error(`part ${part} cannot be opened`);
  }
}

/** Open and close an engine in the same roots, which a lock that is still held would refuse. */
async function openAgain(): Promise<void> {
  const engine = await openPluginEngine(engineOptions());
  await engine.close();
}

/** The pause before a restart is a timer: without one nothing is restarted any more. */
function assertNoRestart(): void {
  assert.equal(countTimers(), timers);
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

/** Every part that an engine has; the test fails when one is added without an end on the stack. */
const parts = [
  'lock',
  'registry',
  'logs',
  'runtime',
  'supervisor',
  'gates',
  'drivers',
  'collectors',
  'workspaces',
  'held mounts',
  'archives',
  'scope',
];

describe('openEngine()', () => {
  test('has the end of every part on its stack, and ends them last first', async () => {
    const stack = new FaultyStack();
    const engine = await openEngine(engineOptions(), stack);
    assert.equal(stack.parts, parts.length);
    await engine.close();
    await engine[Symbol.asyncDispose]();
    assert.deepEqual(stack.ended, [...parts.keys()].reverse());
  });

  for (const [part, name] of parts.entries()) {
    test(`ends every part and releases the data root when the ${name} cannot be closed`, async () => {
      const options = engineOptions();
      await installBroken(options.dataRoot);
      const stack = new FaultyStack({ at: 'close', part });
      const engine = await openEngine(options, stack);
      await restarting.promise;
      await assert.rejects(engine.close(), { message: `part ${part} cannot be closed` });
      assert.deepEqual(stack.ended, [...parts.keys()].reverse());
      assertNoRestart();
      await openAgain();
    });

    test(`ends what was opened before the ${name} when that cannot be opened`, async () => {
      const options = engineOptions();
      await installBroken(options.dataRoot);
      const stack = new FaultyStack({ at: 'open', part });
      await assert.rejects(openEngine(options, stack), { message: `part ${part} cannot be opened` });
      await stack.disposeAsync();
      assert.deepEqual(stack.ended, [...Array(part + 1).keys()].reverse());
      assertNoRestart();
      await openAgain();
    });
  }
});

describe('openPluginEngine()', () => {
  /** A file where a directory is needed. */
  const blocked = (path: string) => ({
    fault() {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
    },
    repair: () => rmSync(path),
  });
  const data = (...names: readonly string[]) => join(root, 'data', ...names);
  const cases: readonly (readonly [
    string,
    () => { readonly changes?: Partial<PluginEngineOptions>; fault?(): void; repair?(): void },
  ])[] = [
    ['the plugins directory is a file', () => blocked(data('plugins'))],
    ['the content directory is a file', () => blocked(data('plugins', 'storage'))],
    ['the staging directory is a file', () => blocked(data('plugins', 'tmp'))],
    ['the volumes directory is a file', () => blocked(data('volumes'))],
    ['the options of the bridge are wrong', () => ({ changes: { bridge: { name: 'no/name' } } })],
    [
      'the metrics socket cannot listen',
      () => ({
        changes: {
          metricsSocket: {
            path: join(root, 'metrics.sock'),
            listen: () => Promise.reject(new Error('in use')),
          },
        },
      }),
    ],
  ];
  for (const [title, prepare] of cases) {
    test(`leaves nothing open when ${title}`, async () => {
      const options = engineOptions();
      const { changes = {}, fault, repair } = prepare();
      fault?.();
      await assert.rejects(openPluginEngine({ ...options, ...changes }));
      assert.deepEqual(locksBelow(options.dataRoot), []);
      repair?.();
      assertNoRestart();
      await openAgain();
    });
  }
});

/** Kernel locks of this process on a directory. */
function locksBelow(directory: string): readonly string[] {
  const inode = String(realInode(directory));
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`FLOCK`) && line.includes(`:${inode} `));
}

function realInode(path: string): bigint {
  return statSync(path, { bigint: true }).ino;
}
