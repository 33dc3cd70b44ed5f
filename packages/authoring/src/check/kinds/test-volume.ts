/**
 * A volume that a check makes, and its data as the host sees it.
 */
import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinSignals, rejectOnAbort } from '@outboard/async';
import { CheckFailure, expect } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import type { PluginAnswer } from '../session/plugin-caller.ts';
import { errorOf, fieldOf, requireSuccess, textOf } from '../session/read-answer.ts';

/** Limit for files below a mountpoint, whose file system the plugin serves. */
const fileTimeoutMs = 20_000;

/** A volume. Disposing it unmounts and removes it, as far as the plugin lets it. */
export interface TestVolume extends AsyncDisposable {
  readonly name: string;
  /** Call a method with the volume's name. */
  call(method: VolumeMethod, more?: object): Promise<PluginAnswer>;
  /** Mount for an ID. @returns the path in the plugin @throws {CheckFailure} */
  mount(id: string): Promise<string>;
  /** @throws {CheckFailure} */
  unmount(id: string): Promise<void>;
  /** True when `Get` knows it. @throws {CheckFailure} when it answers neither yes nor no */
  exists(): Promise<boolean>;
}

/** Methods with the name of a volume. */
export type VolumeMethod = 'Create' | 'Get' | 'Mount' | 'Path' | 'Remove' | 'Unmount';

/** Create a volume. @throws {CheckFailure} when the plugin does not */
export async function createTestVolume(session: CheckSession): Promise<TestVolume> {
  const volume = nameTestVolume(session);
  const answer = await volume.call('Create', { Opts: session.options });
  const error = errorOf(answer);
  const hint =
    Object.keys(session.options).length === 0 ? '; are volume options (-o KEY=VALUE) missing?' : '';
  expect(error === undefined, `VolumeDriver.Create failed: ${error}${hint}`);
  return volume;
}

/** A volume with a name of its own, which is not created yet. */
export function nameTestVolume(session: CheckSession): TestVolume {
  const name = `outboard-check-${randomBytes(6).toString('hex')}`;
  const mounts: string[] = [];
  const call: TestVolume['call'] = (method, more) =>
    session.call(`VolumeDriver.${method}`, { Name: name, ...more });
  return {
    name,
    call,
    async mount(id) {
      const mounted = requireSuccess(await call('Mount', { ID: id }));
      mounts.push(id);
      const path = textOf(mounted, 'Mountpoint');
      expect(
        path.startsWith('/'),
        `VolumeDriver.Mount: Mountpoint ${JSON.stringify(path)}: want an absolute path`,
      );
      return path;
    },
    async unmount(id) {
      requireSuccess(await call('Unmount', { ID: id }));
      const index = mounts.indexOf(id);
      if (index >= 0) mounts.splice(index, 1);
    },
    async exists() {
      const answer = await call('Get');
      if (errorOf(answer) !== undefined) return false;
      const volume = fieldOf(answer.json, 'Volume');
      return volume !== null && volume !== undefined;
    },
    async [Symbol.asyncDispose]() {
      // Findings about the way out are those of checks of their own.
      try {
        for (const id of mounts.splice(0)) await call('Unmount', { ID: id });
        await call('Remove');
      } catch (error) {
        if (!(error instanceof CheckFailure)) throw error;
      }
    },
  };
}

/** Translate a path of the plugin to the host. @throws {CheckFailure} when it leads nowhere */
async function toHostPath(session: CheckSession, path: string): Promise<string> {
  const driver = await session.engine.drivers.find(session.plugin.id, 'volumedriver');
  try {
    return await driver.toHostPath(path, { signal: session.signal });
  } catch (error) {
    session.signal.throwIfAborted();
    throw new CheckFailure(
      `mountpoint ${JSON.stringify(path)} is not on the host: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Write a file of a mounted volume, on the host. @throws {CheckFailure} */
export async function writeOnHost(session: CheckSession, mountpoint: string, text: string): Promise<void> {
  const directory = await toHostPath(session, mountpoint);
  await fileStep(
    session,
    `write a file below mountpoint ${JSON.stringify(mountpoint)} on the host`,
    async () => {
      if (!(await stat(directory)).isDirectory()) throw new CheckFailure('the mountpoint is no directory');
      await writeFile(join(directory, 'outboard-check'), text);
    },
  );
}

/** Read the file that `writeOnHost` wrote. @throws {CheckFailure} */
export async function readOnHost(session: CheckSession, mountpoint: string): Promise<string> {
  const directory = await toHostPath(session, mountpoint);
  const what = `read a file below mountpoint ${JSON.stringify(mountpoint)} on the host`;
  return await fileStep(session, what, () => readFile(join(directory, 'outboard-check'), 'utf8'));
}

async function fileStep<T>(session: CheckSession, what: string, step: () => Promise<T>): Promise<T> {
  using limit = joinSignals([session.signal], { timeoutMs: fileTimeoutMs });
  try {
    return await rejectOnAbort(step(), limit.signal);
  } catch (error) {
    session.signal.throwIfAborted();
    const reason = limit.signal.aborted ? `no end within ${fileTimeoutMs / 1000} s` : String(error);
    throw new CheckFailure(`cannot ${what}: ${reason}`);
  }
}
