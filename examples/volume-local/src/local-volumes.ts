/**
 * A volume driver whose volumes are plain directories. A directory is the only state of its volume, so that a crash
 * leaves no contradiction: creation is one rename into place, removal one rename out of it.
 */
import { randomUUID } from 'node:crypto';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreateVolume, Volume, VolumeDriver } from '@outboard/sdk';
import { readHostName } from './host-name.ts';
import { checkVolumeName, isVolumeName, parseVolumeOptions } from './volume-options.ts';

/** Paths and callbacks of the driver. */
export interface LocalVolumesOptions {
  /** Absolute path of the directory that holds the volumes: the plugin's propagated mount. */
  readonly root: string;
  /** Absolute path of the file with the name of the host. */
  readonly hostNameFile: string;
  /** Called with every change of a volume. */
  readonly log: (message: string) => void;
}

/** Not a valid volume name: those begin with a letter or a digit. */
const stateDirectory = '.volume-local';

/** The directory for files of the plugin that are no volumes. */
export function stateDirectoryOf(root: string): string {
  return join(root, stateDirectory);
}

/** Volumes as directories below one root. */
export class LocalVolumes implements VolumeDriver {
  readonly scope = 'local';
  readonly #options: LocalVolumesOptions;
  /** Volumes during creation and removal. */
  readonly #staging: string;

  private constructor(options: LocalVolumesOptions) {
    this.#options = options;
    this.#staging = join(stateDirectoryOf(options.root), 'staging');
  }

  /** Open the root, and complete interrupted operations. */
  static async open(options: LocalVolumesOptions): Promise<LocalVolumes> {
    const volumes = new LocalVolumes(options);
    await rm(volumes.#staging, { recursive: true, force: true });
    // One by one: Node.js's recursive mkdir() never returns below /proc.
    for (const directory of [options.root, stateDirectoryOf(options.root), volumes.#staging]) {
      await mkdir(directory, { mode: 0o700 }).catch(ignoreExisting);
    }
    return volumes;
  }

  async create({ name, options }: CreateVolume): Promise<void> {
    checkVolumeName(name);
    const { mode } = parseVolumeOptions(options);
    const staged = this.#stagingPath();
    await mkdir(staged);
    // Separate from mkdir(), whose mode the umask limits.
    await chmod(staged, mode);
    await rename(staged, this.#path(name));
    await this.#flush();
    this.#options.log(`created volume "${name}" with mode ${mode.toString(8)}`);
  }

  async remove(name: string): Promise<void> {
    checkVolumeName(name);
    const staged = this.#stagingPath();
    await rename(this.#path(name), staged);
    await this.#flush();
    await rm(staged, { recursive: true });
    this.#options.log(`removed volume "${name}"`);
  }

  /** The directory exists already: there is nothing to mount. */
  async mount(name: string): Promise<string> {
    checkVolumeName(name);
    this.#options.log(`mounted volume "${name}"`);
    return this.#path(name);
  }

  async unmount(name: string): Promise<void> {
    this.#options.log(`unmounted volume "${name}"`);
  }

  async get(name: string): Promise<Volume | undefined> {
    if (!isVolumeName(name)) return undefined;
    // Not stat(): a volume is a directory, never a link to one.
    const found = await lstat(this.#path(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!found?.isDirectory()) return undefined;
    const host = await readHostName(this.#options.hostNameFile);
    return {
      name,
      mountpoint: this.#path(name),
      // Zero if the file system does not record it.
      ...(found.birthtimeMs > 0 ? { createdAt: found.birthtime } : {}),
      status: { Mode: (found.mode & 0o7777).toString(8), ...(host === undefined ? {} : { Host: host }) },
    };
  }

  async list(): Promise<readonly Volume[]> {
    const names = (await readdir(this.#options.root)).filter(isVolumeName).sort();
    const volumes = await Promise.all(names.map((name) => this.get(name)));
    return volumes.filter((volume) => volume !== undefined);
  }

  #path(name: string): string {
    return join(this.#options.root, name);
  }

  #stagingPath(): string {
    return join(this.#staging, randomUUID());
  }

  /** Make a rename in the root survive a power cut. */
  async #flush(): Promise<void> {
    const root: FileHandle = await open(this.#options.root, 'r');
    try {
      await root.sync();
    } finally {
      await root.close();
    }
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
