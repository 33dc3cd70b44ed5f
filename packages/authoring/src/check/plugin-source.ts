/**
 * The plugin to check, as a directory with `config.json` and `rootfs/`, and copies of it with another config.
 */
import { mkdir, open, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { computePrivileges, type PluginEngine, type Privilege } from '@outboard/engine';
import { isJsonObject, OutboardError, type RegistryAccess } from '@outboard/oci';

/** Above the limit of the engine for a config, so that its own message is seen. */
const maxConfigBytes = 2 * 1024 * 1024;

/** Where the plugin comes from. */
export type PluginSource =
  /** Holds `config.json` and `rootfs/`, each of which may be a link. */
  | { readonly kind: 'directory'; readonly directory: string }
  | { readonly kind: 'reference'; readonly reference: string; readonly access?: RegistryAccess | undefined };

/** Makes an archive of a directory, as `PluginEngine.create` takes it. */
export type PackDirectory = (directory: string) => AsyncIterable<Uint8Array>;

/** Asks for the privileges of a plugin. @returns false to refuse them */
export type AskPrivileges = (privileges: readonly Privilege[]) => Promise<boolean>;

/** Read the config of a directory. @throws {OutboardError} invalid: there is none, or it is too large */
export async function readConfigOf(directory: string): Promise<Buffer> {
  const path = join(directory, 'config.json');
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > maxConfigBytes)
      throw new OutboardError('invalid', `${path} has ${size} bytes: no config is so large`);
    return await file.readFile();
  } catch (cause) {
    if (cause instanceof OutboardError) throw cause;
    throw new OutboardError('invalid', `want config.json and rootfs/ in "${directory}": ${String(cause)}`, {
      cause,
    });
  }
}

/** The root filesystem of a directory, without links. @throws {OutboardError} invalid when there is none */
export async function rootfsOf(directory: string): Promise<string> {
  const rootfs = await realpath(join(directory, 'rootfs')).catch(() => undefined);
  if (rootfs !== undefined && (await stat(rootfs)).isDirectory()) return rootfs;
  throw new OutboardError('invalid', `want config.json and rootfs/ in "${directory}": rootfs/ is missing`);
}

/**
 * Make a directory with a config and the root filesystem of another one, which is not copied.
 * @param directory must not exist
 */
export async function makePluginDirectory(
  directory: string,
  { config, rootfs }: { readonly config: Uint8Array; readonly rootfs: string },
): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  await writeFile(join(directory, 'config.json'), config);
  await symlink(rootfs, join(directory, 'rootfs'));
}

/**
 * Read an installed plugin where Outboard and Docker keep it. Nothing of it is changed.
 * @param dataRoot as the daemon says, such as `/var/lib/outboard`
 * @returns its config as its author wrote it, and the path of its root filesystem
 * @throws {OutboardError} not-found when it is not there, or cannot be read
 */
export async function readInstalledPlugin(
  dataRoot: string,
  id: string,
): Promise<{ readonly config: Buffer; readonly rootfs: string }> {
  const plugins = join(dataRoot, 'plugins');
  try {
    const record: unknown = JSON.parse(await readFile(join(plugins, id, 'config.json'), 'utf8'));
    const digest = isJsonObject(record) ? record.Config : undefined;
    const hex = typeof digest === 'string' ? /^sha256:([a-f0-9]{64})$/.exec(digest)?.[1] : undefined;
    if (hex === undefined) throw new Error('its record names no config');
    const config = await readFile(join(plugins, 'storage', 'blobs', 'sha256', hex));
    return { config, rootfs: join(plugins, id, 'rootfs') };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError(
      'not-found',
      `cannot read the installed plugin ${id} below ${plugins}: ${reason}`,
      { cause },
    );
  }
}

/** Brings a plugin into a private engine. @returns its ID; undefined when the privileges were refused */
export async function installSource(
  { engine, pack }: { readonly engine: PluginEngine; readonly pack: PackDirectory },
  source: PluginSource,
  { name, ask, signal }: Cancellable & { readonly name: string; readonly ask: AskPrivileges },
): Promise<string | undefined> {
  if (source.kind === 'reference') {
    const { reference: remote, access } = source;
    const privileges = await engine.privileges(remote, { access, signal });
    if (!(await ask(privileges))) return undefined;
    return (await engine.pull({ remote, privileges, name, access, signal })).id;
  }
  const { id, config } = await engine.create({ name, context: pack(source.directory), signal });
  return (await ask(computePrivileges(config))) ? id : undefined;
}
