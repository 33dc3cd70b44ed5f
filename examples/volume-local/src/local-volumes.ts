/**
 * A volume driver whose volumes are plain directories. A directory is the whole truth about its volume, so that nothing can
 * disagree after a crash: creating is one rename into place and removing is one rename away.
 */
import { randomUUID } from 'node:crypto';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreateVolume, Volume, VolumeDriver } from '@outboard/sdk';
import { readHostName } from './host-name.ts';
import { checkVolumeName, isVolumeName, parseVolumeOptions } from './volume-options.ts';

/** Where the driver keeps things. */
export interface LocalVolumesOptions {
  /** Absolute path of the directory that holds the volumes: the plugin's propagated mount. */
  readonly root: string;
  /** Absolute path of the file that names this host. */
  readonly hostNameFile: string;
  /** Told of every change of a volume. */
  readonly log: (message: string) => void;
}

/** No volume is called so: names begin with a letter or a digit. */
const stateDirectory = '.volume-local';

/** The directory in which the plugin keeps what is no volume. */
export function stateDirectoryOf(root: string): string {
  return join(root, stateDirectory);
}

/** Volumes as directories below one root. */
export class LocalVolumes implements VolumeDriver {
  readonly scope = 'local';
  readonly #options: LocalVolumesOptions;
  /** Volumes on their way in or out. */
  readonly #staging: string;

  private constructor(options: LocalVolumesOptions) {
    this.#options = options;
    this.#staging = join(stateDirectoryOf(options.root), 'staging');
  }

  /** Open the root, and finish what a crash interrupted. */
  static async open(options: LocalVolumesOptions): Promise<LocalVolumes> {
    const volumes = new LocalVolumes(options);
    await rm(volumes.#staging, { recursive: true, force: true });
    // One by one: Node.js's recursive mkdir() tries for ever below /proc.
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
    // Apart from mkdir(), whose mode the umask cuts.
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

  /** The directory is always there: there is nothing to mount. */
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
    // Not stat(): what is no directory is no volume, and a link least of all.
    const found = await lstat(this.#path(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!found?.isDirectory()) return undefined;
    const host = await readHostName(this.#options.hostNameFile);
    return {
      name,
      mountpoint: this.#path(name),
      // Zero where the file system does not record it.
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
