/**
 * Programs of this machine as entries of a root filesystem, with the shared libraries that they need: third-party
 * plugins for tests are packed from Debian's programs, and have nothing of the host at run time.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { PluginArchiveOptions } from './plugin-archive.ts';
import { type TarEntryFields, tarArchive } from './tar.ts';

/** A root filesystem of programs, and the config of a plugin. */
export interface PackedProgramsOptions {
  /** Absolute paths of programs; each lands at its path, like its libraries. */
  readonly programs: readonly string[];
  /** More directories, such as mount points: relative paths. Parents are made. */
  readonly directories?: readonly string[];
  /** More files and links; a name that is taken replaces. */
  readonly entries?: readonly TarEntryFields[];
  readonly config: NonNullable<PluginArchiveOptions['config']>;
}

const systemDirectories = ['dev', 'etc', 'mnt', 'proc', 'root', 'run/docker/plugins', 'sys', 'tmp', 'var'];

/** Programs that a test needs and this machine lacks, as a reason to skip; false when all are there. */
export function needsPrograms(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => !existsSync(program));
  return missing.length === 0 ? false : `needs ${missing.join(', ')}`;
}

/** An archive with `config.json` and `rootfs/`, as `plugin create` takes it. */
export function packedProgramsArchive(options: PackedProgramsOptions): Buffer {
  const { programs, directories = [], entries = [], config } = options;
  const paths = [...new Set(programs.flatMap((program) => [program, ...sharedLibraries(program)]))];
  const files = paths.map(
    (path): TarEntryFields => ({
      name: path.slice(1),
      content: readFileSync(path),
      mode: 0o755,
    }),
  );
  const all = new Map([...files, ...entries].map((entry) => [String(entry.name), entry]));
  const parents = [
    ...systemDirectories.map((name) => `${name}/x`),
    ...directories.map((name) => `${name}/x`),
  ];
  const names = [...parents, ...all.keys()].flatMap(parentsOf);
  return tarArchive([
    { name: 'config.json', content: JSON.stringify(config) },
    { type: 'directory', name: 'rootfs' },
    ...[...new Set(names)].map((name): TarEntryFields => ({ type: 'directory', name: `rootfs/${name}` })),
    ...[...all.values()].map((entry) => ({ ...entry, name: `rootfs/${entry.name}` })),
  ]);
}

/** `a/b/c` -> `a`, `a/b`. */
function parentsOf(path: string): readonly string[] {
  const components = path.split('/').slice(0, -1);
  return components.map((_, index) => components.slice(0, index + 1).join('/'));
}

/** The loader's list: `name => /path (address)`, and `/path (address)` for the loader itself. */
function sharedLibraries(program: string): readonly string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => /(?:^|=>)\s*(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
