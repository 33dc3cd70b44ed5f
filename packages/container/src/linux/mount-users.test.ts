import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mount } from './mount.ts';
import { lookUpMounts, readMountTable } from './mount-table.ts';
import { findMountUsers } from './mount-users.ts';
import { unmountBelow } from './unmount.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root to mount';

describe('findMountUsers()', { skip: needsRoot }, () => {
  let home: string;
  /** A mount, and a directory of another file system. */
  const places = new Map<'mount' | 'directory', { readonly path: string; readonly device: string }>();
  const children: ChildProcess[] = [];

  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'ob-users-')));
    for (const name of ['base', 'base/a [b]*', 'mounted', 'other', 'own', 'own/bind'])
      await mkdir(join(home, name));
    mount('tmpfs', join(home, 'mounted'), 0, { type: 'tmpfs' });
    const entry = lookUpMounts(await readMountTable())(join(home, 'mounted'));
    places.set('mount', { path: join(home, 'mounted'), device: entry?.device ?? '' });
    places.set('directory', { path: join(home, 'base/a [b]*'), device: '' });
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    await unmountBelow(home);
    await rm(home, { recursive: true });
  });

  /** Run a command of a shell, which says when it is ready. @returns its process */
  async function running(script: string, ...unshare: readonly string[]): Promise<ChildProcess> {
    const command = ['bash', '-c', `${script}; echo; read -r line`, 'bash'];
    const [file = '', ...args] = [...unshare, ...command, home];
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  }

  async function usersOf(kind: 'mount' | 'directory', maker = 0): Promise<readonly (number | string)[]> {
    const place = places.get(kind);
    assert.ok(place);
    const users = await findMountUsers(place.path, {
      device: place.device,
      maker,
      ownDirectory: join(home, 'own'),
    });
    return users.map((user) => (user.kind === 'bind' ? user.mountPoint : user.process.pid));
  }

  const privately = ['unshare', '--mount', '--propagation', 'private'];

  for (const [kind, name] of [
    ['mount', 'mounted'],
    ['directory', 'base/a [b]*'],
  ] as const) {
    test(`finds nobody who uses a ${kind}, also when another namespace has a copy of it`, async () => {
      const copy = await running('true', ...privately);
      assert.deepEqual(await usersOf(kind), []);
      await end(copy);
    });

    test(`finds a namespace that binds a ${kind}, but not that of its maker`, async () => {
      const user = await running(`mount --bind "$1/${name}" "$1/other"`, ...privately);
      assert.deepEqual(await usersOf(kind), [user.pid]);
      assert.deepEqual(await usersOf(kind, user.pid), []);
      await end(user);
      assert.deepEqual(await usersOf(kind), []);
    });

    test(`finds processes with their directory, an open file or a map in a ${kind}`, async () => {
      const inside = await running(`cd "$1/${name}"`);
      assert.deepEqual(await usersOf(kind), [inside.pid]);
      await end(inside);
      const reading = await running(`exec 9> "$1/${name}/file"`);
      assert.deepEqual(await usersOf(kind), [reading.pid]);
      await end(reading);
      const program = await running(`cp /bin/sleep "$1/${name}/run"; "$1/${name}/run" 60 & disown`);
      const [pid, ...others] = await usersOf(kind);
      assert.deepEqual(others, []);
      process.kill(Number(pid), 'SIGKILL');
      await end(program);
    });

    test(`finds a bind of a ${kind} on this host, but not below the directory of the caller`, async () => {
      mount(join(home, name), join(home, 'own/bind'), 0x1000);
      assert.deepEqual(await usersOf(kind), []);
      mount(join(home, name), join(home, 'other'), 0x1000);
      assert.deepEqual(await usersOf(kind), [join(home, 'other')]);
      for (const path of ['own', 'other']) await unmountBelow(join(home, path));
    });
  }

  test('rejects when it cannot be known', async () => {
    const { path = '', device = '' } = places.get('mount') ?? {};
    const options = { device, maker: 0, ownDirectory: '/' };
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(findMountUsers(path, { ...options, signal }), /enough/);
    for (const other of ['', '0:1']) {
      await assert.rejects(findMountUsers(path, { ...options, device: other }), /another file system/);
    }
    await assert.rejects(findMountUsers(home, options), /another file system/);
  });
});
