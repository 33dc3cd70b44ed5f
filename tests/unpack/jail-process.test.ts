/**
 * The child process of the jail: its access, and its end in every case.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, symlinkSync, watch } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { openUnpackJail, type UnpackJail } from '@outboard/container';
import { needsRoot } from '../support/needs-root.ts';
import { type TarEntryFields, tarArchive, tarEntry } from '../support/tar.ts';
import { makeUnpackRoot, streamLayer } from '../support/unpack-root.ts';

const file = (name: string, content: string | Buffer = 'x'): TarEntryFields => ({ name, content });

/** Pids of the jails of this process. The tests of this file run one after another. */
function jailPids(): number[] {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return children.map(Number).filter((pid) => {
    try {
      const isChild = new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(
        readFileSync(`/proc/${pid}/status`, 'utf8'),
      );
      return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('rootfs/jail/child');
    } catch (error) {
      // It ended between the two reads.
      if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code)))
        return false;
      throw error;
    }
  });
}

/** Wait until a directory has content; then the jail works. */
async function untilFilled(directory: string, signal: AbortSignal): Promise<void> {
  const watcher = watch(directory, { signal });
  const changes = on(watcher, 'change', { signal });
  try {
    while (readdirSync(directory).length === 0) await changes.next();
  } finally {
    watcher.close();
  }
}

/** A layer that begins with a file `a` and continues when the test says so. */
function openLayer(): PassThrough {
  const layer = new PassThrough();
  layer.write(tarEntry(file('a')));
  return layer;
}

test('the child can access the staging directory only', { skip: needsRoot }, async (context) => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  const layer = openLayer();
  const applied = jail.apply(layer);
  await untilFilled(place.root, context.signal);
  const [pid, ...others] = jailPids();
  assert.deepEqual(others, []);
  const own = (name: string) => `/proc/${pid}/${name}`;

  const mounts = readFileSync(own('mountinfo'), 'utf8').trim().split('\n');
  assert.equal(mounts.length, 1, 'one mount');
  assert.match(mounts[0] ?? '', / \/ rw,nosuid,nodev,noexec/);
  const threads = readdirSync(own('task'));
  assert.ok(threads.length > 1, 'Node.js has threads of its own');
  for (const thread of threads) {
    const what = `of thread ${thread}, ${readFileSync(own(`task/${thread}/comm`), 'utf8').trim()}`;
    for (const link of ['root', 'cwd']) {
      assert.deepEqual(readdirSync(own(`task/${thread}/${link}`)), ['a'], `${link} ${what}`);
    }
    for (const kind of ['mnt', 'net', 'ipc']) {
      const namespace = readlinkSync(own(`task/${thread}/ns/${kind}`));
      assert.notEqual(namespace, readlinkSync(`/proc/self/ns/${kind}`), `${kind} ${what}`);
    }
    // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD, SETFCAP for the one that unpacks; nothing for the others.
    const capabilities = thread === String(pid) ? '000000008800001b' : '0000000000000000';
    const status = readFileSync(own(`task/${thread}/status`), 'utf8');
    for (const set of ['CapEff', 'CapPrm'])
      assert.match(status, new RegExp(`^${set}:\\s+${capabilities}$`, 'm'), what);
  }
  const status = readFileSync(own('status'), 'utf8');
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  assert.match(status, /^Umask:\s+0000$/m);
  assert.match(readFileSync(own('limits'), 'utf8'), /^Max core file size\s+0\s+0/m);
  assert.deepEqual(readFileSync(own('environ'), 'utf8').split('\0'), ['UV_THREADPOOL_SIZE=1', '']);
  layer.end();
  assert.equal((await applied).entries, 1);
  await jail.finish();
  assert.deepEqual(jailPids(), []);
});

/** A process that opens a jail over a directory, prints the child's pid once it works, and then waits. */
const holderProgram = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { openUnpackJail } from '@outboard/container';
  const jail = openUnpackJail(process.argv[1]);
  await jail.apply((async function* () { yield Buffer.alloc(1024); })());
  const tasks = readdirSync('/proc/self/task');
  const children = tasks.flatMap((task) => readFileSync('/proc/self/task/' + task + '/children', 'utf8').split(' '));
  const isJail = (pid) => pid !== '' && readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes('rootfs/jail/child');
  console.log(children.find(isJail));
  setInterval(() => {}, 1e6);
`;

async function startHolder(directory: string, signal: AbortSignal) {
  // A descriptor without close-on-exec, as careless parents leave them.
  const command = 'exec 40</etc/passwd; exec "$@"';
  const node = [process.execPath, '--input-type=module', '-e'];
  const holder = spawn('bash', ['-c', command, 'bash', ...node, holderProgram, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  holder.on('error', () => {}); // Aborting the signal ends it with an error.
  const [line] = await once(holder.stdout, 'data', { signal });
  return { holder, pid: Number(line) };
}

test('the child has no descriptor from outside the jail, and ends with its parent', {
  skip: needsRoot,
}, async (context) => {
  using place = makeUnpackRoot();
  const { holder, pid } = await startHolder(place.root, context.signal);
  assert.equal(readlinkSync(`/proc/${holder.pid}/fd/40`), '/etc/passwd');
  const targets = readdirSync(`/proc/${pid}/fd`).map((descriptor) =>
    readlinkSync(`/proc/${pid}/fd/${descriptor}`),
  );
  assert.deepEqual(
    // Node.js itself holds /dev/null, from a mount that is no longer visible to it.
    targets.filter((target) => !/^(socket:|pipe:|anon_inode:|(\/dev)?\/null$)/.test(target)),
    [],
  );
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  // No event reports the end of a process that is not a child.
  while (isAlive(pid)) await setImmediate();
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code)))
      return false;
    throw error;
  }
}

test('a child that is killed during unpacking is reported, and leaves no process', {
  skip: needsRoot,
}, async (context) => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  const applied = jail.apply(openLayer());
  await untilFilled(place.root, context.signal);
  for (const pid of jailPids()) process.kill(pid, 'SIGKILL');
  await assert.rejects(applied, { kind: 'system', message: 'the unpack jail was killed by SIGKILL' });
  await assert.rejects(jail.apply(streamLayer([])), { message: /was killed by SIGKILL/ });
  await jail[Symbol.asyncDispose]();
  assert.deepEqual(jailPids(), []);
});

for (const scope of ['of the jail', 'of one layer'] as const) {
  test(`A45 the signal ${scope} stops a stalled layer`, { skip: needsRoot }, async (context) => {
    using place = makeUnpackRoot();
    const abort = new AbortController();
    const own = { signal: abort.signal };
    await using jail = openUnpackJail(place.root, scope === 'of the jail' ? own : {});
    const layer = openLayer();
    const applied = jail.apply(layer, scope === 'of one layer' ? own : {});
    await untilFilled(place.root, context.signal);
    abort.abort(new Error('the client has gone'));
    await assert.rejects(applied, { message: 'the client has gone' });
    await jail[Symbol.asyncDispose]();
    assert.deepEqual(jailPids(), []);
    assert.ok(layer.destroyed, 'the source is closed');
  });
}

for (const [when, use] of [
  ['before it is confined', (jail) => jail.finish()],
  ['while it reads a layer', (jail) => jail.apply(streamLayer([file('a', randomBytes(8 * 1024 * 1024))]))],
  ['at the end of a layer', (jail) => jail.apply(streamLayer([file('a')]))],
  ['at the end', (jail) => jail.finish()],
] as const satisfies readonly (readonly [string, (jail: UnpackJail) => Promise<unknown>])[]) {
  test(`a child that is stopped ${when} is killed and reported as stalled`, {
    skip: needsRoot,
  }, async () => {
    using place = makeUnpackRoot();
    await using jail = openUnpackJail(place.root, { stallMs: 300 });
    if (when !== 'before it is confined') await jail.apply(streamLayer([]));
    // During exec it has no command line: a second look could miss what the first one found.
    let pids = jailPids();
    for (; pids.length === 0; pids = jailPids()) await setImmediate();
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await assert.rejects(use(jail), {
      kind: 'system',
      message: /^the unpack jail made no progress for 0\.3 seconds/,
    });
    await jail[Symbol.asyncDispose]();
    assert.deepEqual(jailPids(), []);
  });
}

test('nothing is started with a signal that is already aborted', () => {
  const signal = AbortSignal.abort(new Error('too late'));
  assert.throws(() => openUnpackJail('/nonexistent', { signal }), { message: 'too late' });
});

test('a refused layer is reported at once, even if its source has stalled', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  const layer = new PassThrough();
  layer.write(tarEntry(file('../x')));
  await assert.rejects(jail.apply(layer), { kind: 'invalid', message: /has a "\.\." component/ });
  assert.ok(layer.destroyed, 'the source is closed');
});

test('a failure of the source is reported, and ends the jail', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  const broken = async function* () {
    yield tarEntry(file('a'));
    throw new Error('connection reset');
  };
  await assert.rejects(jail.apply(broken()), { message: 'connection reset' });
  await assert.rejects(jail.finish(), { message: 'connection reset' });
});

test('a large layer that is refused early ends without a broken pipe', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  const layer = tarArchive([file('../x'), file('large', randomBytes(4 * 1024 * 1024))]);
  await assert.rejects(jail.apply(streamLayer(layer)), {
    kind: 'invalid',
    message: /has a "\.\." component/,
  });
});

test('layers are accepted one at a time, and not after the end', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  const first = jail.apply(streamLayer([file('a')]));
  await assert.rejects(jail.apply(streamLayer([file('b')])), {
    kind: 'conflict',
    message: 'the unpack jail is busy',
  });
  await first;
  await jail.finish();
  await assert.rejects(jail.apply(streamLayer([file('c')])), {
    kind: 'conflict',
    message: 'the unpack jail is finished',
  });
  assert.deepEqual(place.tree(), { a: 'file x' });
});

test('an unused jail leaves nothing after its disposal', { skip: needsRoot }, async () => {
  using place = makeUnpackRoot();
  const descriptors = readdirSync('/proc/self/fd').length;
  {
    await using _jail = place.open();
  }
  assert.deepEqual(jailPids(), []);
  assert.equal(readdirSync('/proc/self/fd').length, descriptors);
});

test('a staging directory that is missing or a link is refused', () => {
  using place = makeUnpackRoot();
  symlinkSync(place.victim, join(place.root, 'link'));
  for (const name of ['link', 'absent']) {
    assert.throws(() => openUnpackJail(join(place.root, name)), {
      kind: 'system',
      message: /^cannot open directory/,
    });
  }
});

test('A18 unpacking stays inside while another process replaces directories by links', {
  skip: needsRoot,
}, async () => {
  using place = makeUnpackRoot();
  await using jail = place.open();
  let isOver = false;
  const racing = async function* () {
    yield tarEntry({ type: 'directory', name: 'd' });
    for (let index = 0; index < 3000; index++) yield tarEntry(file(`d/f${index % 100}`));
    yield Buffer.alloc(1024);
  };
  const applied = jail.apply(racing()).finally(() => {
    isOver = true;
  });
  const [directory, link] = [join(place.root, 'd'), join(place.root, 'l')];
  symlinkSync(place.victim, link);
  let swaps = 0;
  const swap = async () => {
    while (!isOver) {
      if (existsSync(directory)) {
        renameSync(directory, `${directory}.away`);
        renameSync(link, directory);
        renameSync(directory, link);
        renameSync(`${directory}.away`, directory);
        swaps++;
      }
      await setImmediate();
    }
  };
  const [outcome] = await Promise.allSettled([applied, swap()]);
  // In both cases the victim is checked at the end.
  if (outcome.status === 'rejected') assert.equal(outcome.reason.kind, 'invalid');
  assert.ok(swaps > 0);
});
