/**
 * The data root of a Docker Engine, such as `/var/lib/docker`: which plugins it has, and whether an engine uses it. Nothing
 * in it is changed.
 * @see moby plugin/store.go and plugin/manager.go
 */
import { opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, shareLock } from '@outboard/container';
import { OutboardError, onStorage } from '@outboard/oci';
import { isPluginId } from '../store/plugin-layout.ts';
import { entryKind } from './plain-files.ts';

/** Files that an engine keeps locked while it runs. */
const lockedFiles = ['volumes/metadata.db', 'network/files/local-kv.db'];
/** Far more than any engine has. */
const maxPlugins = 10_000;

/** An opened data root of Docker. Disposing it lets an engine start again. */
export interface DockerDirectory extends AsyncDisposable {
  /** `plugins` in it, without links. */
  readonly pluginsDirectory: string;
  /** True while a Docker Engine uses it. */
  readonly isInUse: boolean;
  /** IDs of the plugins, sorted. */
  readonly ids: readonly string[];
}

/**
 * Open the data root of a Docker Engine. An engine that starts while it is open fails, as with a second engine, and can be
 * started afterwards.
 * @param path may lead through links, as a `/var/lib/docker` that was moved does
 * @throws {OutboardError} not-found when there is no such directory; invalid when it holds no plugins of Docker; system
 */
export async function openDockerDirectory(path: string): Promise<DockerDirectory> {
  const root = await resolveRoot(path);
  const pluginsDirectory = join(root, 'plugins');
  if ((await entryKind(pluginsDirectory)) !== 'directory') {
    throw new OutboardError(
      'invalid',
      `${JSON.stringify(path)} is not the data root of a Docker Engine: it has no directory "plugins"; "docker info" names it as Docker Root Dir`,
    );
  }
  const ids = await listIds(pluginsDirectory);
  const locks: AsyncDisposable[] = [];
  let isInUse = false;
  for (const name of lockedFiles) {
    const lock = await shareLock(join(root, name));
    if (lock === 'locked') isInUse = true;
    else if (lock !== 'absent') locks.push(lock);
  }
  return {
    pluginsDirectory,
    isInUse,
    ids,
    async [Symbol.asyncDispose]() {
      for (const lock of locks) await lock[Symbol.asyncDispose]();
    },
  };
}

async function resolveRoot(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT' && errorCode(cause) !== 'ENOTDIR') {
      return await onStorage('resolve', path, () => Promise.reject(cause));
    }
    throw new OutboardError('not-found', `no such directory on the daemon's host: ${JSON.stringify(path)}`, {
      cause,
    });
  }
}

async function listIds(directory: string): Promise<readonly string[]> {
  return await onStorage('list directory', directory, async () => {
    const ids: string[] = [];
    for await (const { name } of await opendir(directory)) {
      if (isPluginId(name)) ids.push(name);
      if (ids.length > maxPlugins) throw new Error(`it has more than ${maxPlugins} plugins`);
    }
    return ids.sort();
  });
}
