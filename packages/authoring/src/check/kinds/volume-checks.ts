/**
 * Checks of volume drivers in ordinary use.
 */
import { posix } from 'node:path';
import { isAtOrBelow } from '@outboard/container';
import { expect, skip } from '../session/check-failure.ts';
import {
  errorOf,
  fieldOf,
  requireError,
  requireSuccess,
  showAnswer,
  textOf,
} from '../session/read-answer.ts';
import type { Check } from './check.ts';
import { createTestVolume, nameTestVolume, readOnHost, writeOnHost } from './test-volume.ts';

const kind = 'volumedriver';

/** Checks of answers and of the life of a volume. */
export const volumeChecks: readonly Check[] = [
  {
    code: 'volume/capabilities',
    level: 'warning',
    kind,
    title: 'Capabilities has the scope "local" or "global".',
    async run(session) {
      const answer = await session.call('VolumeDriver.Capabilities');
      if (answer.status === 404) skip('the plugin has no VolumeDriver.Capabilities: its scope is local');
      const scope = textOf(fieldOf(requireSuccess(answer), 'Capabilities'), 'Scope').toLowerCase();
      expect(
        scope === 'local' || scope === 'global',
        `VolumeDriver.Capabilities: ${showAnswer(answer)}: want a scope`,
      );
    },
  },
  {
    code: 'volume/create',
    level: 'error',
    kind,
    title: 'A created volume is found by Get and in List, with its name.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const got = fieldOf(requireSuccess(await volume.call('Get')), 'Volume');
      expect(
        textOf(got, 'Name') === volume.name,
        `VolumeDriver.Get gives ${JSON.stringify(got)}: want the name ${volume.name}`,
      );
      expect(
        (await listNames(session)).includes(volume.name),
        `VolumeDriver.List lacks the new volume ${volume.name}`,
      );
    },
  },
  {
    code: 'volume/created-at',
    level: 'error',
    kind,
    title: 'CreatedAt is absent or a time of RFC 3339: with any other text engines fail the whole answer.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const created = fieldOf(fieldOf(requireSuccess(await volume.call('Get')), 'Volume'), 'CreatedAt');
      const isTime =
        typeof created === 'string' &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(created);
      const isFine = created === undefined || created === null || isTime;
      expect(
        isFine,
        `CreatedAt is ${JSON.stringify(created)}: want a time such as "2026-01-31T10:00:00Z", or none`,
      );
    },
  },
  {
    code: 'volume/create-twice',
    level: 'warning',
    kind,
    title: 'Creating a volume again succeeds: engines create after any failure of Get.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const error = errorOf(await volume.call('Create', { Opts: session.options }));
      expect(error === undefined, `the second VolumeDriver.Create failed: ${error}`);
    },
  },
  {
    code: 'volume/options-null',
    level: 'error',
    kind,
    title: 'Create without options, and with null for them, is answered.',
    async run(session) {
      for (const more of [{}, { Opts: null }]) {
        await using volume = nameTestVolume(session);
        await volume.call('Create', more);
      }
    },
  },
  {
    code: 'volume/unknown',
    level: 'error',
    kind,
    title: 'Get, Path, Mount and Remove of an unknown volume are errors.',
    async run(session) {
      const volume = nameTestVolume(session);
      expect(!(await volume.exists()), 'VolumeDriver.Get finds a volume that was never created');
      for (const method of ['Path', 'Mount', 'Remove'] as const) {
        requireError(await volume.call(method, { ID: 'a' }), 'an unknown volume');
      }
    },
  },
  {
    code: 'volume/unmount-unknown',
    level: 'error',
    kind,
    title: 'Unmount of an unknown volume, and for an unknown ID, is answered and does no harm.',
    async run(session) {
      await nameTestVolume(session).call('Unmount', { ID: 'a' });
      await using volume = await createTestVolume(session);
      await volume.mount('a');
      await volume.call('Unmount', { ID: 'never-mounted' });
      await writeOnHost(session, textOf((await volume.call('Path')).json, 'Mountpoint'), 'a');
    },
  },
  {
    code: 'volume/letter-case',
    level: 'note',
    kind,
    title: 'Names of fields are read in any letter case, as by plugins in Go.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const answer = await session.call('VolumeDriver.Get', { name: volume.name });
      expect(
        errorOf(answer) === undefined,
        `VolumeDriver.Get with "name": ${showAnswer(answer)}: want the volume`,
      );
    },
  },
  {
    code: 'volume/mount',
    level: 'error',
    kind,
    title: 'Mount gives an absolute path, and Path the same one while the volume is mounted.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const mountpoint = await volume.mount('a');
      const path = textOf(requireSuccess(await volume.call('Path')), 'Mountpoint');
      expect(
        path === mountpoint,
        `VolumeDriver.Path gives ${JSON.stringify(path)}, Mount gave ${JSON.stringify(mountpoint)}`,
      );
      await volume.unmount('a');
    },
  },
  {
    code: 'volume/visible',
    level: 'error',
    kind,
    title: 'The mountpoint is a directory that the host sees and can write to.',
    async run(session) {
      await using volume = await createTestVolume(session);
      await writeOnHost(session, await volume.mount('a'), 'a');
    },
  },
  {
    code: 'volume/propagated',
    level: 'warning',
    kind,
    title:
      'The mountpoint lies below PropagatedMount: elsewhere the host sees no mounts, and an upgrade loses the data.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const mountpoint = await volume.mount('a');
      const { propagatedMount } = session.plugin.config;
      const want =
        propagatedMount === '' ? '"PropagatedMount" in config.json' : `a path below ${propagatedMount}`;
      const isBelow =
        propagatedMount !== '' && isAtOrBelow(posix.normalize(mountpoint), posix.normalize(propagatedMount));
      expect(isBelow, `the mountpoint is ${JSON.stringify(mountpoint)}: want ${want}`);
    },
  },
  {
    code: 'volume/data',
    level: 'error',
    kind,
    title: 'Data is still there after Unmount and another Mount.',
    async run(session) {
      await using volume = await createTestVolume(session);
      await writeOnHost(session, await volume.mount('a'), volume.name);
      await volume.unmount('a');
      const found = await readOnHost(session, await volume.mount('b'));
      expect(found === volume.name, `the file holds ${JSON.stringify(found)} after the second Mount`);
    },
  },
  {
    code: 'volume/separate',
    level: 'warning',
    kind,
    title: 'Two volumes have mountpoints of their own.',
    async run(session) {
      await using first = await createTestVolume(session);
      await using second = await createTestVolume(session);
      const [one, two] = [await first.mount('a'), await second.mount('a')];
      expect(one !== two, `two volumes are both mounted at ${JSON.stringify(one)}`);
    },
  },
  {
    code: 'volume/escape',
    // Docker and Podman take no such names.
    level: 'warning',
    kind,
    title: 'A name such as "../x" gives no path outside of the place of the volumes.',
    async run(session) {
      const name = '../outboard-check-escape';
      const created = await session.call('VolumeDriver.Create', { Name: name, Opts: session.options });
      if (errorOf(created) !== undefined) return;
      const mounted = await session.call('VolumeDriver.Mount', { Name: name, ID: 'a' });
      const mountpoint = textOf(mounted.json, 'Mountpoint');
      await session.call('VolumeDriver.Unmount', { Name: name, ID: 'a' });
      await session.call('VolumeDriver.Remove', { Name: name });
      const { propagatedMount } = session.plugin.config;
      const root = propagatedMount === '' ? '/' : posix.normalize(propagatedMount);
      const isInside =
        !mountpoint.split('/').includes('..') && isAtOrBelow(posix.normalize(mountpoint), root);
      expect(
        errorOf(mounted) !== undefined || isInside,
        `volume ${JSON.stringify(name)} is mounted at ${JSON.stringify(mountpoint)}`,
      );
    },
  },
  {
    code: 'volume/remove',
    level: 'error',
    kind,
    title: 'A removed volume is gone from Get and List, and its name can be used again.',
    async run(session) {
      await using volume = await createTestVolume(session);
      requireSuccess(await volume.call('Remove'));
      expect(!(await volume.exists()), 'VolumeDriver.Get still finds the removed volume');
      expect(
        !(await listNames(session)).includes(volume.name),
        'VolumeDriver.List still has the removed volume',
      );
      const error = errorOf(await volume.call('Create', { Opts: session.options }));
      expect(error === undefined, `VolumeDriver.Create with the name of a removed volume failed: ${error}`);
    },
  },
];

async function listNames(session: Parameters<Check['run']>[0]): Promise<readonly string[]> {
  const answer = await session.call('VolumeDriver.List');
  const list = fieldOf(requireSuccess(answer), 'Volumes');
  if (list === null || list === undefined) return [];
  expect(Array.isArray(list), `VolumeDriver.List: ${showAnswer(answer)}: want {"Volumes": […]}`);
  return list.map((volume) => textOf(volume, 'Name'));
}
