/**
 * A volume driver over sshfs. A volume is a file with its options; its mount point is a directory beside it. It answers
 * from these alone, so that a server that is away delays no list of volumes.
 */
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallContext, CreateVolume, Volume, VolumeDriver } from '@outboard/sdk';
import { isMountPoint, mountSshfs, unmountSshfs } from './sshfs.ts';
import { checkVolumeName, isVolumeName, parseVolumeOptions, type VolumeOptions } from './volume-options.ts';

/** Paths and callbacks of the driver. */
export interface SshfsVolumesOptions {
  /** Absolute path of the directory that holds the mount points: the plugin's propagated mount. */
  readonly root: string;
  /** Called with every change of a volume. */
  readonly log: (message: string) => void;
}

/** Not a valid volume name: those begin with a letter or a digit. */
const stateDirectory = '.volume-sshfs';

/** The directory for files of the plugin that are no volumes. */
export function stateDirectoryOf(root: string): string {
  return join(root, stateDirectory);
}

/** Volumes as mounts below one root. */
export class SshfsVolumes implements VolumeDriver {
  readonly scope = 'global';
  readonly #options: SshfsVolumesOptions;
  /** A file for each volume. */
  readonly #records: string;

  private constructor(options: SshfsVolumesOptions) {
    this.#options = options;
    this.#records = join(stateDirectoryOf(options.root), 'volumes');
  }

  /** Open the root. */
  static async open(options: SshfsVolumesOptions): Promise<SshfsVolumes> {
    const volumes = new SshfsVolumes(options);
    // One by one: Node.js's recursive mkdir() never returns below /proc.
    for (const directory of [options.root, stateDirectoryOf(options.root), volumes.#records]) {
      await mkdir(directory, { mode: 0o700 }).catch(ignoring('EEXIST'));
    }
    return volumes;
  }

  async create({ name, options }: CreateVolume): Promise<void> {
    checkVolumeName(name);
    await this.#write(name, parseVolumeOptions(options));
    this.#options.log(`created volume "${name}"`);
  }

  async remove(name: string): Promise<void> {
    checkVolumeName(name);
    // Never recursive: what lies in a mount is the other host's.
    await rmdir(this.#path(name)).catch(ignoring('ENOENT'));
    await rm(this.#record(name));
    this.#options.log(`removed volume "${name}"`);
  }

  async mount(name: string, { signal }: CallContext): Promise<string> {
    const options = await this.#read(name);
    if (options === undefined) throw new Error(`there is no volume "${name}"`);
    const path = this.#path(name);
    // A mount of an earlier process is dead.
    await unmountSshfs(path, signal);
    await mkdir(path, { mode: 0o700 }).catch(ignoring('EEXIST'));
    await mountSshfs(options, path, signal);
    this.#options.log(`mounted volume "${name}" from ${options.sshcmd}`);
    return path;
  }

  async unmount(name: string, { signal }: CallContext): Promise<void> {
    checkVolumeName(name);
    await unmountSshfs(this.#path(name), signal);
    this.#options.log(`unmounted volume "${name}"`);
  }

  async get(name: string): Promise<Volume | undefined> {
    if (!isVolumeName(name)) return undefined;
    const options = await this.#read(name);
    if (options === undefined) return undefined;
    const path = this.#path(name);
    return {
      name,
      mountpoint: (await isMountPoint(path)) ? path : undefined,
      status: { Source: options.sshcmd, Port: options.port },
    };
  }

  async list(): Promise<readonly Volume[]> {
    const names = (await readdir(this.#records)).filter(isVolumeName).sort();
    const volumes = await Promise.all(names.map((name) => this.get(name)));
    return volumes.filter((volume) => volume !== undefined);
  }

  #path(name: string): string {
    return join(this.#options.root, name);
  }

  #record(name: string): string {
    return join(this.#records, name);
  }

  async #read(name: string): Promise<VolumeOptions | undefined> {
    checkVolumeName(name);
    const text = await readFile(this.#record(name), 'utf8').catch(ignoring('ENOENT'));
    // Written by this class alone.
    return text === undefined ? undefined : (JSON.parse(text) as VolumeOptions);
  }

  /** Not a valid name of a volume until the rename, so that a crash leaves no half of one. */
  async #write(name: string, options: VolumeOptions): Promise<void> {
    const temporary = join(this.#records, `.${name}`);
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(options));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#record(name));
  }
}

function ignoring(code: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== code) throw error;
    return undefined;
  };
}
