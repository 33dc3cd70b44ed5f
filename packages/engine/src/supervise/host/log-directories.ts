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

/** Shows FIFOs of a Docker Engine to log drivers. */
export interface HostLogPipes {
  /**
   * Show a FIFO to a plugin, at the path that it has on the host; again, if it is shown already.
   * @param file as in `LogDriver.StartLogging`
   * @throws {OutboardError} invalid unless the file is a FIFO directly in `/run/docker/logging`; unavailable when the
   *   plugin runs without a directory for it
   */
  show(id: string, file: string): Promise<void>;
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
  /** Remove what an engine or an earlier run of this program left: FIFOs without another name. */
  removeStale(ids: readonly string[]): Promise<void>;
}

/** @param root the directory of the Docker Engine's FIFOs, such as `/run/docker/logging` */
export function createLogDirectories(root: string): LogDirectories {
  const directory = (id: string): string => join(root, id);

  async function show(id: string, file: string): Promise<void> {
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
  }

  async function removeStale(id: string): Promise<void> {
    for (const name of await readdir(directory(id)).catch(none)) {
      const path = join(directory(id), name);
      const status = await lstat(path);
      if (status.isFIFO() && status.nlink === 1) await unlink(path);
    }
  }

  return {
    directory,
    show,
    hide: (id, file) => rm(join(directory(id), nameOf(file)), { force: true }),
    async make(id) {
      await makeDirectories(dirname(root), { mode: 0o755 });
      await makeDirectories(root, { mode: 0o700 });
      await mkdir(directory(id), { mode: 0o700 }).catch(ignore('EEXIST'));
    },
    remove: (id) => rmdir(directory(id)).catch(ignore('ENOENT', 'ENOTEMPTY')),
    async removeStale(ids) {
      for (const id of ids) await removeStale(id);
    },
  };
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
