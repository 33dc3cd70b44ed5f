/**
 * The FIFOs of a Docker Engine on this host in the containers of log drivers. The engine makes them in one directory for
 * all drivers. Each plugin gets a directory of its own, with links to the FIFOs that it was asked to read, so that no
 * plugin can read the output meant for another. These directories are below the engine's, because a hard link cannot leave
 * its file system; the plugins have them read-only.
 * @see moby daemon/logger/plugin.go (20.10), makePluginCreator
 */
import { link, lstat, mkdir, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, isErrno } from '@outboard/container';
import { makeDirectories, OutboardError } from '@outboard/oci';
import { logDirectoryInPlugin } from '../../config/mount-rules.ts';
import { type Consumer, isGone } from '../../references/consumer.ts';
import type { PluginReference } from '../../references/plugin-references.ts';

/** Shows FIFOs of a Docker Engine to log drivers. */
export interface HostLogPipes {
  /**
   * Show a FIFO to a plugin, at the path that it has on the host; again, if it is shown already.
   * @param file as in `LogDriver.StartLogging`
   * @param consumer the engine that writes to it, as far as it is known
   * @throws {OutboardError} invalid unless the file is a FIFO directly in `/run/docker/logging`; unavailable when the
   *   plugin runs without a directory for it
   */
  show(id: string, file: string, consumer?: Consumer): Promise<void>;
  /** Stop showing a FIFO; one that is not shown is no error. */
  hide(id: string, file: string): Promise<void>;
}

/** The directories of all plugins. */
export interface LogDirectories extends HostLogPipes {
  /** Host side of `/run/docker/logging` in a plugin. */
  directory(id: string): string;
  /** Make a plugin's directory. One of an earlier run keeps its FIFOs, which the restarted plugin opens again. */
  make(id: string): Promise<void>;
  /** Remove a plugin's directory, unless FIFOs are shown in it: an engine still writes to them. */
  remove(id: string): Promise<void>;
  /** Find the FIFOs that an earlier run of this program has shown, without those that were released since. */
  restore(ids: readonly string[]): Promise<void>;
  /** The FIFOs that are shown to a plugin, each a use of it. Of those of an earlier run the consumer is not known. */
  uses(id: string): readonly PluginReference[];
  /**
   * Stop showing a plugin the FIFOs that nobody writes to any more: those that the engine has removed, and those of an
   * engine whose process has ended. A new process of the engine starts its logs anew.
   */
  removeReleased(id: string): Promise<void>;
}

/** @param root the directory of the Docker Engine's FIFOs, such as `/run/docker/logging` */
export function createLogDirectories(root: string): LogDirectories {
  const directory = (id: string): string => join(root, id);
  const shown = new ShownPipes();

  async function show(id: string, file: string, consumer?: Consumer): Promise<void> {
    const name = nameOf(file);
    await requireFifo(join(root, name), file);
    const target = join(directory(id), name);
    try {
      await link(join(root, name), target);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) throw withoutDirectory(id);
      if (!isErrno(error, 'EEXIST')) throw error;
      await unlink(target);
      await link(join(root, name), target);
    }
    shown.add(id, { kind: 'log', holder: name, since: new Date(), ...(consumer && { consumer }) });
  }

  async function hide(id: string, name: string): Promise<void> {
    await rm(join(directory(id), name), { force: true });
    shown.remove(id, name);
  }

  async function restore(id: string): Promise<void> {
    for (const name of await readdir(directory(id)).catch(none)) {
      const status = await lstat(join(directory(id), name));
      // The link that was made last has changed the FIFO.
      if (status.isFIFO()) shown.add(id, { kind: 'log', holder: name, since: status.ctime });
    }
    await removeReleased(id);
  }

  async function removeReleased(id: string): Promise<void> {
    for (const { holder: name, consumer } of shown.of(id)) {
      if ((consumer !== undefined && isGone(consumer)) || (await isRemoved(join(directory(id), name))))
        await hide(id, name);
    }
  }

  return {
    directory,
    show,
    hide: (id, file) => hide(id, nameOf(file)),
    async make(id) {
      await makeDirectories(dirname(root), { mode: 0o755 });
      await makeDirectories(root, { mode: 0o700 });
      await mkdir(directory(id), { mode: 0o700 }).catch(ignore('EEXIST'));
    },
    remove: (id) => rmdir(directory(id)).catch(ignore('ENOENT', 'ENOTEMPTY')),
    async restore(ids) {
      for (const id of ids) await restore(id);
    },
    uses: (id) => shown.of(id),
    removeReleased,
  };
}

/** The FIFOs that are shown, by plugin and name: in step with the links on disk, which are the record. */
class ShownPipes {
  readonly #plugins = new Map<string, Map<string, PluginReference>>();

  of(id: string): readonly PluginReference[] {
    return [...(this.#plugins.get(id)?.values() ?? [])];
  }

  add(id: string, use: PluginReference): void {
    const ofPlugin = this.#plugins.get(id) ?? new Map<string, PluginReference>();
    this.#plugins.set(id, ofPlugin.set(use.holder, use));
  }

  remove(id: string, name: string): void {
    const ofPlugin = this.#plugins.get(id);
    ofPlugin?.delete(name);
    if (ofPlugin?.size === 0) this.#plugins.delete(id);
  }
}

/** True for a FIFO without another name: the engine has removed its own. */
async function isRemoved(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).nlink === 1;
  } catch (error) {
    ignore('ENOENT')(error);
    return true;
  }
}

function nameOf(file: string): string {
  const name = basename(file);
  if (file === `${logDirectoryInPlugin}/${name}` && name !== '' && name !== '.' && name !== '..') return name;
  const shown = JSON.stringify(file.slice(0, 200));
  throw new OutboardError('invalid', `log file ${shown}: want a path directly in ${logDirectoryInPlugin}`);
}

async function requireFifo(path: string, file: string): Promise<void> {
  const status = await lstat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (status?.isFIFO() === true) return;
  const found = status === undefined ? 'nothing' : 'another file';
  throw new OutboardError('invalid', `log file ${file}: want a FIFO at ${path}, found ${found}`);
}

function withoutDirectory(id: string): OutboardError {
  const message = `plugin ${id} was started without ${logDirectoryInPlugin}: disable it, then enable it again`;
  return new OutboardError('unavailable', message);
}

function none(error: unknown): readonly string[] {
  ignore('ENOENT')(error);
  return [];
}

function ignore(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(errorCode(error) ?? '')) throw error;
  };
}
