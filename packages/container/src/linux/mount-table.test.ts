import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mount } from './mount.ts';
import {
  lookUpMounts,
  makeSharedMount,
  mountsBelow,
  parseMountTable,
  readMountTable,
} from './mount-table.ts';
import { unmountBelow } from './unmount.ts';

const needsRoot = process.getuid?.() === 0 ? false : 'needs root to mount';

async function makePlace() {
  const path = await mkdtemp(join(tmpdir(), 'outboard-mounts-'));
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await unmountBelow(path);
      await rm(path, { recursive: true });
    },
  };
}

test('parseMountTable() decodes octal escapes and keeps optional fields', () => {
  const line = String.raw`36 35 98:0 /mnt1 /a\040b\011c\012d\134e\043f rw,noatime shared:7 master:1 - ext3 /dev/root rw,errors=continue`;
  const [entry, ...rest] = parseMountTable(`${line}\n`);
  assert.deepEqual(rest, []);
  assert.deepEqual(entry, {
    id: 36,
    parentId: 35,
    device: '98:0',
    root: '/mnt1',
    mountPoint: '/a b\tc\nd\\e#f',
    options: ['rw', 'noatime'],
    propagation: ['shared:7', 'master:1'],
    fileSystem: 'ext3',
    superOptions: ['rw', 'errors=continue'],
  });
});

test('parseMountTable() refuses a malformed line', () => {
  assert.throws(() => parseMountTable('36 35 98:0'), { kind: 'system' });
});

test('lookUpMounts() follows mounts that cover others', () => {
  const table = parseMountTable(
    [
      '20 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '21 20 8:2 / /srv rw - ext4 /dev/sda2 rw',
      '22 20 8:3 / /srv/data rw - ext4 /dev/sda3 rw', // hidden by /srv
      '23 21 8:4 / /srv/data rw - ext4 /dev/sda4 rw',
      '24 23 8:5 / /srv/data rw - xfs /dev/sda5 rw', // on top of it
      '25 20 8:6 / /srv-other rw - ext4 /dev/sda6 rw',
    ].join('\n'),
  );
  const deviceOf = (path: string) => lookUpMounts(table)(path)?.device;
  assert.equal(deviceOf('/srv/data/in'), '8:5');
  assert.equal(deviceOf('/srv/other'), '8:2');
  assert.equal(deviceOf('/srv-other'), '8:6');
  assert.equal(deviceOf('/tmp'), '8:1');
  assert.equal(lookUpMounts([])('/tmp'), undefined);
});

test('readMountTable() reads the mounts of this machine', async () => {
  assert.ok((await readMountTable()).some(({ mountPoint }) => mountPoint === '/proc'));
});

test('mountsBelow() lists nested mounts deepest first and no neighbour', { skip: needsRoot }, async () => {
  await using place = await makePlace();
  const odd = join(place.path, 'root with space\n\\', 'in');
  await mkdir(join(odd, 'deep'), { recursive: true });
  await mkdir(join(place.path, 'root-evil'));
  mount('tmpfs', odd, 0, { type: 'tmpfs' });
  await mkdir(join(odd, 'deep'));
  mount('tmpfs', join(odd, 'deep'), 0, { type: 'tmpfs' });
  mount('tmpfs', join(place.path, 'root-evil'), 0, { type: 'tmpfs' });
  const root = join(place.path, 'root with space\n\\');
  assert.deepEqual(
    (await mountsBelow(root)).map(({ mountPoint }) => mountPoint),
    [join(odd, 'deep'), odd],
  );
  await unmountBelow(root);
  assert.deepEqual(await mountsBelow(root), []);
  assert.equal((await mountsBelow(join(place.path, 'root-evil'))).length, 1);
});

test('unmountBelow() unmounts mounts on top of each other', {
  skip: needsRoot,
}, async () => {
  await using place = await makePlace();
  for (const _ of [1, 2, 3]) mount('tmpfs', place.path, 0, { type: 'tmpfs' });
  await writeFile(join(place.path, 'top'), '');
  await unmountBelow(place.path);
  assert.deepEqual(await mountsBelow(place.path), []);
  await assert.rejects(readFile(join(place.path, 'top')), { code: 'ENOENT' });
});

test('unmountBelow() unmounts below a name that is not UTF-8', { skip: needsRoot }, async () => {
  await using place = await makePlace();
  await mkdir(join(place.path, 'old', 'in'), { recursive: true });
  mount('tmpfs', join(place.path, 'old', 'in'), 0, { type: 'tmpfs' });
  await rename(
    join(place.path, 'old'),
    Buffer.concat([Buffer.from(`${place.path}/`), Buffer.from([0xff, 0xfe])]),
  );
  assert.equal((await mountsBelow(place.path)).length, 1);
  await unmountBelow(place.path);
  assert.deepEqual(await mountsBelow(place.path), []);
});

test('mountsBelow() returns no mounts for an absent path', async () => {
  assert.deepEqual(await mountsBelow('/nonexistent/outboard/place'), []);
});

test('makeSharedMount() is idempotent', {
  skip: needsRoot,
}, async () => {
  await using place = await makePlace();
  await makeSharedMount(place.path);
  await makeSharedMount(place.path);
  const mounts = await mountsBelow(place.path);
  assert.equal(mounts.length, 1);
  assert.match(mounts[0]?.propagation.join(' ') ?? '', /^shared:\d+$/);
});

test('makeSharedMount() reaches a mount namespace that has gotten mounts of the host since before', {
  skip: needsRoot,
}, async () => {
  await using place = await makePlace();
  await makeSharedMount(place.path);
  // A namespace like that of a service with a sandbox; it ends with its standard input.
  const child = spawn('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', 'echo ready; cat']);
  await once(child.stdout, 'data');
  const path = join(place.path, 'inner');
  await mkdir(path);
  await makeSharedMount(path);
  await mkdir(join(path, 'v'));
  mount('none', join(path, 'v'), 0, { type: 'tmpfs' });
  const seen = parseMountTable(await readFile(`/proc/${child.pid}/mountinfo`, 'latin1'));
  assert.deepEqual(
    seen.map(({ mountPoint }) => mountPoint).filter((found) => found.startsWith(path)),
    [path, join(path, 'v')],
  );
  child.stdin.end();
  await once(child, 'exit');
});

test('makeSharedMount() makes a peer group of its own, also below a shared mount', {
  skip: needsRoot,
}, async () => {
  await using place = await makePlace();
  await makeSharedMount(place.path);
  const path = join(place.path, 'inner');
  await mkdir(path);
  await makeSharedMount(path);
  await mkdir(join(path, 'v'));
  mount('none', join(path, 'v'), 0, { type: 'tmpfs' });
  assert.deepEqual(
    (await mountsBelow(path)).map(({ mountPoint }) => mountPoint),
    [join(path, 'v'), path],
  );
});
