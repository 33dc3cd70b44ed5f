/**
 * The directories of plugins' sockets below the exec root, one per plugin, with short links to the sockets.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, removeTree } from '@outboard/container';
import { makeDirectories, OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { linkSocket, unlinkSocket } from '../../store/socket-links.ts';

/** Socket directories of one exec root. */
export class SocketDirectories {
  readonly #execRoot: string;
  readonly #parent: string;

  constructor(execRoot: string) {
    this.#execRoot = execRoot;
    this.#parent = join(execRoot, 'plugins');
  }

  directory(id: string): string {
    return join(this.#parent, id);
  }

  /** @throws {OutboardError} invalid for a socket name that is no file name */
  socketPath(record: PluginRecord): string {
    return join(this.directory(record.id), socketName(record));
  }

  /** Make an empty directory: a socket of an earlier run would pass for that of this one. */
  async make(id: string): Promise<void> {
    const directory = this.directory(id);
    await makeDirectories(this.#parent, { mode: 0o700 });
    await removeTree(directory);
    await mkdir(directory, { mode: 0o700 });
  }

  /** Make the short link to the plugin's socket, whether the socket exists yet or not. */
  async link(record: PluginRecord): Promise<void> {
    await linkSocket(this.#execRoot, record.id, socketName(record));
  }

  /** Remove link and directory. The link goes first: a directory that is left is found again by `present()`. */
  async remove(id: string): Promise<void> {
    await unlinkSocket(this.#execRoot, id);
    await removeTree(this.directory(id));
  }

  /** Names of the directories. */
  async present(): Promise<readonly string[]> {
    try {
      return await readdir(this.#parent);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }
}

/**
 * The name of the socket in its directory, which the plugin's author chose.
 * @throws {OutboardError} invalid unless it is one path component: it must not lead out of the directory
 */
function socketName({ name, config }: PluginRecord): string {
  const { socket } = config.interface;
  if (socket !== '' && socket !== '.' && socket !== '..' && !/[/\0]/.test(socket)) return socket;
  throw new OutboardError('invalid', `socket "${socket}" of plugin "${name}" is not a file name`);
}
