/**
 * Checks of how volume drivers count their mounts, and of what is left of them after a crash at each step.
 */
import { setImmediate } from 'node:timers/promises';
import { CheckFailure, expect } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import { errorOf, requireError, requireSuccess } from '../session/read-answer.ts';
import type { Check } from './check.ts';
import { createTestVolume, nameTestVolume, readOnHost, type TestVolume, writeOnHost } from './test-volume.ts';

const kind = 'volumedriver';

/** Checks of several mounts of one volume. */
export const mountChecks: readonly Check[] = [
  {
    code: 'volume/mount-two-ids',
    level: 'error',
    kind,
    title: 'A volume mounted for two IDs stays usable until both have unmounted it.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const first = await volume.mount('a');
      const second = await volume.mount('b');
      expect(
        first === second,
        `Mount for another ID gives ${JSON.stringify(second)}, the first gave ${JSON.stringify(first)}`,
      );
      await writeOnHost(session, first, volume.name);
      await volume.unmount('a');
      await expectData(session, volume, { mountpoint: second, after: 'Unmount for one of two IDs' });
      await volume.unmount('b');
    },
  },
  {
    code: 'volume/mount-same-id',
    level: 'warning',
    kind,
    title: 'Mounted twice with one ID, as "docker cp" does, it stays usable after the first Unmount.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const mountpoint = await volume.mount('a');
      await volume.mount('a');
      await writeOnHost(session, mountpoint, volume.name);
      await volume.unmount('a');
      await expectData(session, volume, { mountpoint, after: 'one Unmount of two with the same ID' });
      await volume.unmount('a');
    },
  },
  {
    code: 'volume/unmount-twice',
    level: 'error',
    kind,
    title: 'A second Unmount for one ID is answered, and leaves the mount of another ID alone.',
    async run(session) {
      await using volume = await createTestVolume(session);
      const mountpoint = await volume.mount('a');
      await volume.mount('b');
      await writeOnHost(session, mountpoint, volume.name);
      await volume.unmount('a');
      await volume.call('Unmount', { ID: 'a' });
      await expectData(session, volume, { mountpoint, after: 'two Unmounts for the other ID' });
    },
  },
  {
    code: 'volume/remove-mounted',
    level: 'warning',
    kind,
    title: 'Remove of a mounted volume is refused.',
    async run(session) {
      await using volume = await createTestVolume(session);
      await volume.mount('a');
      requireError(await volume.call('Remove'), 'a mounted volume');
    },
  },
];

/** Checks that kill the plugin. */
export const crashChecks: readonly Check[] = [
  {
    code: 'crash/volume',
    level: 'error',
    kind,
    title: 'Volumes are still known after the plugin was killed and restarted.',
    async run(session) {
      await using volume = await createTestVolume(session);
      await session.crash();
      expect(await volume.exists(), 'VolumeDriver.Get does not find the volume after a crash');
    },
  },
  ...(['Create', 'Mount', 'Remove', 'Unmount'] as const).map(
    (method): Check => ({
      code: `crash/in-${method.toLowerCase()}`,
      level: 'error',
      kind,
      title: `After a crash within ${method}, the same call succeeds, and the volume is as it must be.`,
      run: (session) => crashWithin(session, method),
    }),
  ),
  {
    code: 'crash/mounted',
    level: 'error',
    kind,
    title:
      'After a crash a mounted volume can be mounted again, with its data, and be unmounted and removed.',
    async run(session) {
      await using volume = await createTestVolume(session);
      await writeOnHost(session, await volume.mount('a'), volume.name);
      await session.crash();
      const mountpoint = await volume.mount('b');
      await expectData(session, volume, { mountpoint, after: 'a crash while it was mounted' });
      // The engine may or may not send the Unmount of the first ID; either must do no harm.
      await volume.call('Unmount', { ID: 'a' });
      await volume.unmount('b');
      requireSuccess(await volume.call('Remove'));
    },
  },
];

async function crashWithin(
  session: CheckSession,
  method: 'Create' | 'Mount' | 'Unmount' | 'Remove',
): Promise<void> {
  await using volume = nameTestVolume(session);
  const create = { Opts: session.options };
  if (method !== 'Create') requireSuccess(await volume.call('Create', create));
  if (method === 'Unmount') await volume.mount('a');
  const more = method === 'Create' ? create : { ID: 'a' };
  const lost = volume.call(method, more).catch((error: unknown) => {
    if (!(error instanceof CheckFailure)) throw error;
  });
  await setImmediate();
  await session.crash();
  await lost;
  const error = errorOf(await volume.call(method, more));
  // The work may have been done before the crash.
  const isDone = method === 'Remove' && !(await volume.exists());
  expect(error === undefined || isDone, `VolumeDriver.${method} after a crash within it failed: ${error}`);
  const isThere = await volume.exists();
  expect(isThere === (method !== 'Remove'), `the volume ${isThere ? 'is' : 'is not'} there after ${method}`);
  if (method === 'Mount') await volume.unmount('a');
}

async function expectData(
  session: CheckSession,
  volume: TestVolume,
  { mountpoint, after }: { readonly mountpoint: string; readonly after: string },
): Promise<void> {
  try {
    const found = await readOnHost(session, mountpoint);
    expect(found === volume.name, `its file holds ${JSON.stringify(found)}`);
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw new CheckFailure(`the data is gone after ${after}: ${error.message}`);
  }
}
