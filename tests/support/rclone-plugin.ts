/**
 * Debian's rclone as a managed plugin: `rclone serve docker` in a root filesystem of its own, with a config like that of
 * the plugin that the rclone project publishes. Its volumes are FUSE mounts below its propagated mount.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needsPrograms, packedProgramsArchive } from './packed-programs.ts';
import type { SftpServer } from './sftp-server.ts';

const programs = ['/usr/bin/rclone', '/usr/bin/fusermount3'];

/** For `{ skip: needsRclone }`: false on a machine with rclone and FUSE. */
export const needsRclone = needsPrograms(...programs, '/dev/fuse');

/** Host directories of an rclone plugin. */
export interface RclonePluginOptions {
  /** Holds the plugin's configuration, cache and store; created if absent. */
  readonly home: string;
  /** Sections of `rclone.conf`: remote to keys and values. */
  readonly remotes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** More files beside `rclone.conf`, at `/data/config` in the plugin, such as a private key; mode 0600. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Mount the host's directories that the rclone project names, and no store: the settings `config.source` and `cache.source`
   * say where the files of `home` are. Default false.
   */
  readonly asPublished?: boolean;
}

export interface RclonePlugin {
  /** The plugin as `plugin create` takes it. */
  readonly archive: Buffer;
  /** The host's directory that the plugin sees as `/store`, for volumes of the remote `:local:/store/NAME`. */
  readonly store: string;
}

/** Options of a volume in the plugin's store on the host, for `volumes.create`. */
export function localRemote(name: string): ReadonlyMap<string, string> {
  return new Map([
    ['remote', `:local:/store/${name}`],
    ['vfs-cache-mode', 'off'],
  ]);
}

/** The remote of a server: a part of the options of `makeRclonePlugin`. */
export function sftpRemote(
  name: string,
  { user, port, clientDirectory }: SftpServer,
): Required<Pick<RclonePluginOptions, 'remotes' | 'files'>> {
  const keys = {
    type: 'sftp',
    host: '127.0.0.1',
    port: String(port),
    user,
    key_file: '/data/config/id_ed25519',
    known_hosts_file: '/data/config/known_hosts',
    shell_type: 'none',
  };
  const read = (file: string) => readFileSync(join(clientDirectory, file), 'utf8');
  return {
    remotes: { [name]: keys },
    files: { id_ed25519: read('id_ed25519'), known_hosts: read('known_hosts') },
  };
}

/** Pack the plugin: 56 MB, so make it once per file of tests. */
export function makeRclonePlugin(options: RclonePluginOptions): RclonePlugin {
  const { home, remotes = {}, files = {} } = options;
  const [config, cache, store] = [join(home, 'config'), join(home, 'cache'), join(home, 'store')];
  for (const directory of [config, cache, store]) mkdirSync(directory, { recursive: true });
  const sections = Object.entries(remotes).map(([remote, keys]) => {
    const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}`);
    return `[${remote}]\n${lines.join('\n')}\n`;
  });
  for (const [name, content] of Object.entries({ ...files, 'rclone.conf': sections.join('\n') }))
    writeFileSync(join(config, name), content, { mode: 0o600 });
  const archive = packedProgramsArchive({
    programs,
    directories: ['data/config', 'data/cache', 'store'],
    // rclone 1.60 calls FUSE 2's name of the program.
    entries: [{ type: 'symlink', name: 'usr/bin/fusermount', linkName: 'fusermount3' }],
    config: pluginConfig(options.asPublished === true ? publishedSources : { config, cache, store }),
  });
  return { archive, store };
}

const publishedSources = {
  config: '/var/lib/docker-plugins/rclone/config',
  cache: '/var/lib/docker-plugins/rclone/cache',
};

function pluginConfig(sources: { readonly config: string; readonly cache: string; readonly store?: string }) {
  const mount = (name: string, source: string, destination: string) => ({
    Name: name,
    Description: `${name} of rclone`,
    Source: source,
    Destination: destination,
    Type: 'bind',
    Options: ['rbind'],
    Settable: ['source'],
  });
  const variable = (name: string, value: string, settable: readonly string[] | null = null) => ({
    Name: name,
    Description: '',
    Value: value,
    Settable: settable,
  });
  return {
    Description: 'Rclone volume plugin for Docker',
    Documentation: 'https://rclone.org/docker/',
    Interface: { Types: ['docker.volumedriver/1.0'], Socket: 'rclone.sock' },
    Entrypoint: ['/usr/bin/rclone'],
    WorkDir: '/data',
    Args: { Name: 'args', Description: '', Value: ['serve', 'docker'], Settable: ['value'] },
    Network: { Type: 'host' },
    PropagatedMount: '/mnt',
    Linux: {
      Capabilities: ['CAP_SYS_ADMIN'],
      AllowAllDevices: false,
      Devices: [{ Name: '', Description: '', Path: '/dev/fuse', Settable: null }],
    },
    Env: [
      variable('RCLONE_VERBOSE', '0', ['value']),
      variable('RCLONE_CONFIG', '/data/config/rclone.conf'),
      variable('RCLONE_CACHE_DIR', '/data/cache'),
      variable('RCLONE_BASE_DIR', '/mnt'),
    ],
    Mounts: [
      mount('config', sources.config, '/data/config'),
      mount('cache', sources.cache, '/data/cache'),
      ...(sources.store === undefined ? [] : [mount('store', sources.store, '/store')]),
    ],
  };
}
