import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createFileSystemProbe } from '@outboard/container';
import { resolveDevices } from './devices.ts';

const look = (path: string) => createFileSystemProbe().status(path, { followLinks: false });

const device = (path: string | null, settable: readonly string[] | null = null) => ({
  name: 'dev',
  description: '',
  path,
  settable,
});

describe('resolveDevices()', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-devices-'));
    await writeFile(join(directory, 'file'), '');
    await symlink('/dev/null', join(directory, 'link'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  test('reads type, numbers and permissions of a node of this host', async () => {
    const { devices, notices } = await resolveDevices([device('/dev/null'), device('/dev/zero')], look);
    assert.deepEqual(
      devices.map(({ path, type, major, minor }) => [path, type, major, minor]),
      [
        ['/dev/null', 'c', 1, 3],
        ['/dev/zero', 'c', 1, 5],
      ],
    );
    assert.equal(devices[0]?.fileMode, 0o666);
    assert.deepEqual(notices, []);
  });

  test('knows block devices', async () => {
    const value = { mode: 0o060660, major: 8, minor: 1, uid: 0, gid: 6 };
    const { devices } = await resolveDevices([device('/dev/sda1')], async () => ({ kind: 'found', value }));
    assert.deepEqual(devices, [
      { path: '/dev/sda1', type: 'b', major: 8, minor: 1, fileMode: 0o660, uid: 0, gid: 6 },
    ]);
  });

  test('leaves out a settable device without path, with a notice', async () => {
    const { devices, notices } = await resolveDevices([device(null, ['path']), device('', ['path'])], look);
    assert.deepEqual(devices, []);
    assert.equal(notices.length, 2);
    assert.match(notices[0] ?? '', /device "dev" is left out/);
  });

  test('refuses a device without path that cannot be set', async () => {
    await assert.rejects(resolveDevices([device(null)], look), {
      kind: 'invalid',
      message: /^device path is not specified/,
    });
  });

  const refused: readonly (readonly [string, string])[] = [
    ['missing', 'no such file or directory'],
    ['file', 'not a device node'],
    ['.', 'not a device node'],
    ['link', 'is a symbolic link, name the device node itself'],
  ];
  for (const [name, reason] of refused) {
    test(`I15 refuses ${name} in Docker's words`, async () => {
      const path = `${directory}/${name}`;
      await assert.rejects(resolveDevices([device(path)], look), {
        kind: 'invalid',
        message: `error gathering device information while adding custom device "${path}": ${reason}`,
      });
    });
  }
});
