import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { findBinary } from '../../linux/find-binary.ts';
import { spawnProcess } from '../../linux/spawn-process.ts';
import { verifyConfinement } from './verify-confinement.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root, for namespaces';
const ownNamespaces = ['unshare', '--mount', '--net', '--ipc', '--'];

/** Processes that are confined except for one thing; the host's root is used as the staging directory. */
const open: readonly {
  readonly title: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly root?: string;
  readonly message: RegExp;
}[] = [
  {
    title: 'another root',
    command: [...ownNamespaces, 'cat'],
    root: '/proc',
    message: /^the unpack jail is open: of its thread \d+, its root is not the staging directory$/,
  },
  {
    title: 'another working directory',
    command: [...ownNamespaces, 'cat'],
    cwd: '/proc',
    message: /its working directory is not the staging directory$/,
  },
  { title: 'the mounts of the host', command: ['cat'], message: /it is in the host's mnt:\[\d+\]$/ },
  {
    title: 'the network of the host',
    command: ['unshare', '--mount', '--ipc', '--', 'cat'],
    message: /it is in the host's net:\[\d+\]$/,
  },
  {
    title: 'a file of the host open',
    command: [...ownNamespaces, 'sh', '-c', 'exec cat 4</etc/passwd'],
    message: /^the unpack jail is open: its descriptor 4 is "\/etc\/passwd"$/,
  },
  {
    title: 'a capability too many',
    command: [...ownNamespaces, 'cat'],
    message: /its CapPrm is [0-9a-f]{16}, want 8800001b$/,
  },
];

for (const { title, command, cwd = '/', root = '/', message } of open) {
  test(`verifyConfinement() refuses a process that has ${title}`, { skip }, async () => {
    const [program = '', ...args] = command;
    const child = spawnProcess(await findBinary(program), args, {
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd,
    });
    try {
      // It writes when it is in the wanted state.
      child.stdio[0]?.write('x');
      await new Promise((resolve) => child.stdio[1]?.once('data', resolve));
      await assert.rejects(verifyConfinement(child.pid, statSync(root)), { kind: 'system', message });
    } finally {
      child.kill('SIGKILL');
      for (const stream of child.stdio) stream?.destroy();
      await child.ended;
    }
  });
}

test('verifyConfinement() refuses a process that has ended', { skip }, async () => {
  const child = spawnProcess(await findBinary('true'), [], { env: {}, stdio: [] });
  await child.ended;
  await assert.rejects(verifyConfinement(child.pid, statSync('/')), { code: 'ENOENT' });
});
