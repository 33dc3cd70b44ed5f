/**
 * Two plugins on one host: neither can see, reach or impersonate the other.
 */
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { untilState } from '../support/plugin-states.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;

let opened: TestEngine;
let one: ProbePlugin;
let other: ProbePlugin;
/** Processes of the plugins with pid 1 inside, seen from the host. */
let pids: readonly [number, number];

before(async () => {
  if (skip !== false) return;
  opened = await openTestEngine();
  // With a private network: by default plugins use that of the host.
  const config = { Network: { Type: 'none' } };
  one = await startProbePlugin(opened, 'one', { config });
  other = await startProbePlugin(opened, 'other', { config });
  const pidOf = async (name: string) => (await untilState(opened.engine, name, 'running')).pid;
  pids = [await pidOf('one'), await pidOf('other')];
});

after(() => opened?.[Symbol.asyncDispose]());

test('I19 plugins share no namespace and no cgroup', { skip }, () => {
  for (const name of ['mnt', 'uts', 'pid', 'ipc', 'net']) {
    const [first, second] = pids.map((pid) => readlinkSync(`/proc/${pid}/ns/${name}`));
    assert.notEqual(first, second, name);
  }
  const [first, second] = pids.map((pid) => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  assert.ok(first?.includes(one.id) && !first.includes(other.id), first);
  assert.ok(second?.includes(other.id) && !second.includes(one.id), second);
});

test('I19 a plugin sees no socket, process or directory of another', { skip }, async () => {
  assert.equal(await one.shell('ls -A /run/docker/plugins | wc -l'), '1');
  assert.equal((await one.shell('cat /proc/self/mountinfo')).includes(other.id), false);
  const { execRoot, dataRoot } = opened;
  for (const path of [
    execRoot,
    dataRoot,
    `${execRoot}/plugins/${other.id}`,
    `/run/docker/plugins/${other.id}`,
  ]) {
    assert.notEqual((await one.attempt(`ls -d ${path}`)).code, 0, path);
  }
  assert.equal(
    await one.shell(
      "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; echo; done | grep -c '^[^ ]*node '",
    ),
    '1',
  );
});

test('I19 plugins have separate shared memory and abstract sockets', {
  skip,
}, async () => {
  await one.shell('echo secret > /dev/shm/secret');
  assert.equal((await other.attempt('cat /dev/shm/secret')).code, 1);
  assert.equal(await other.shell("grep -c '@' /proc/net/unix || true"), '0');
});

test('I19 a name that is another plugin\u2019s, however it is written, is refused', { skip }, async () => {
  for (const name of ['one', 'one:latest', 'docker.io/library/one', 'docker.io/library/one:latest']) {
    await assert.rejects(
      opened.engine.create({ name, context: pluginContext() }),
      { kind: 'conflict', message: /already exists/ },
      name,
    );
  }
});

test('I19 names that differ in their separators only are different plugins, each with its own socket', {
  skip,
}, async () => {
  const names = ['acme/a-b', 'acme-a/b', 'acme/a/b', 'acme/a.b', 'acme/a_b'];
  const ids = new Set<string>();
  for (const name of names) ids.add((await opened.engine.create({ name, context: pluginContext() })).id);
  assert.equal(ids.size, names.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{64}$/);
});
