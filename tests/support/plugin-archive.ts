/**
 * Plugins as archives in memory: the context that `plugin create` takes, without a directory on disk. Names and links
 * in the root filesystem are free.
 */
import { type PluginContextOptions, pluginConfigDocument, volumePluginScript } from './plugin-fixture.ts';
import { type TarEntryFields, tarArchive } from './tar.ts';

export interface PluginArchiveOptions extends PluginContextOptions {
  /** Entries of the root filesystem, by path; one with the name of a default entry replaces it. */
  readonly entries?: readonly TarEntryFields[];
}

/** An uncompressed archive with `config.json` and `rootfs/`. */
export function pluginArchive(options: PluginArchiveOptions = {}): Buffer {
  const config = pluginConfigDocument(options.config);
  // Made by pluginConfigDocument: absolute destinations, and an entrypoint of program and script.
  const mounts = config.Mounts as readonly { readonly Destination: string }[];
  const [, script = '/plugin.mjs'] = pluginConfigDocument().Entrypoint as readonly string[];
  const directories = ['proc', 'sys', 'dev', 'tmp', 'etc', 'run', 'run/docker', 'run/docker/plugins'];
  const files = Object.entries({ ...options.files, [script]: options.script ?? volumePluginScript });
  const defaults: readonly TarEntryFields[] = [
    ...[...directories, ...mounts.flatMap(({ Destination }) => withParents(Destination))].map(directory),
    ...files.map(([path, content]): TarEntryFields => ({ name: path.replace(/^\//, ''), content })),
  ];
  const entries = new Map<string, TarEntryFields>();
  for (const entry of [...defaults, ...(options.entries ?? [])]) entries.set(String(entry.name), entry);
  const replaced = [...entries.values()].filter((entry) => !isBelowOther(entry, entries));
  return tarArchive([
    { name: 'config.json', content: JSON.stringify(config) },
    { type: 'directory', name: 'rootfs' },
    ...replaced.map((entry) => ({ ...entry, name: `rootfs/${entry.name}` })),
  ]);
}

/** The archive as a stream, for `engine.create`. */
export async function* pluginContext(options: PluginArchiveOptions = {}): AsyncGenerator<Buffer> {
  yield pluginArchive(options);
}

function directory(name: string): TarEntryFields {
  return { type: 'directory', name };
}

/** `/a/b` -> `a`, `a/b`. Unclean paths are left for the validation of the config. */
function withParents(path: string): readonly string[] {
  const components = path.split('/').filter((component) => !['', '.', '..'].includes(component));
  return components.map((_, index) => components.slice(0, index + 1).join('/'));
}

/** True if an entry lies below a name that is no directory here, such as `/dev` as a link. */
function isBelowOther(entry: TarEntryFields, entries: ReadonlyMap<string, TarEntryFields>): boolean {
  const parents = withParents(String(entry.name)).slice(0, -1);
  return parents.some((parent) => {
    const found = entries.get(parent);
    return found !== undefined && found.type !== 'directory';
  });
}
