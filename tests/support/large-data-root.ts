/**
 * Enlarges a data root in a second: plugins and volumes are written as the daemon writes them, without containers and
 * without unpacking. No daemon may run on it meanwhile.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStoredPlugins } from './data-root.ts';

/** JSON objects, as parsed. */
type Document = Record<string, unknown>;

/** The name of the n-th copy. */
export function copyName(index: number): string {
  return `acme/copy-${index}:latest`;
}

/** The name of the n-th volume. */
export function volumeName(index: number): string {
  return `data-${index}`;
}

/**
 * Copy the only plugin of a data root. Each copy is disabled, and has its own config and manifest; all share the layer.
 * @param count of copies
 */
export function copyPlugin(dataRoot: string, count: number): void {
  const root = join(dataRoot, 'plugins');
  const [model] = readStoredPlugins(dataRoot);
  if (model === undefined) throw new Error(`no plugin in ${root}`);
  const directory = join(root, model.id);
  const record: Document = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
  const files = readFilesOf(join(directory, 'rootfs'));
  const config: Document = JSON.parse(readBlob(root, record.Config));
  const manifest: Document = JSON.parse(readBlob(root, record.Manifest));
  for (let index = 0; index < count; index++) {
    const id = randomBytes(32).toString('hex');
    const description = `copy ${index}`;
    const configBlob = writeBlob(root, { ...config, Description: description });
    const manifestBlob = writeBlob(root, { ...manifest, config: { ...as(manifest.config), ...configBlob } });
    const plugin = as(record.plugin);
    const copy = {
      ...record,
      plugin: {
        ...plugin,
        Config: { ...as(plugin.Config), Description: description },
        Enabled: false,
        Id: id,
        Name: copyName(index),
        PluginReference: copyName(index),
      },
      PropagatedMount: record.PropagatedMount === '' ? '' : join(root, id, 'propagated-mount'),
      Rootfs: join(root, id, 'rootfs'),
      Config: configBlob.digest,
      Manifest: manifestBlob.digest,
    };
    writePlugin(join(root, id), withChecksum(copy), files);
  }
}

/** Write the records of volumes that a driver made. @param driver its full name */
export function writeVolumes(dataRoot: string, driver: string, count: number): void {
  const directory = join(dataRoot, 'volumes');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (let index = 0; index < count; index++) {
    const Name = volumeName(index);
    const record = { Version: 1, Name, Driver: driver, Labels: null, Options: null };
    const document = { ...record, CreatedAt: '2026-11-30T12:00:00.000Z' };
    const file = join(directory, `${sha256(Name)}.json`);
    writeFileSync(file, JSON.stringify({ ...document, Checksum: digestOf(document) }), { mode: 0o600 });
  }
}

function writePlugin(
  directory: string,
  record: Document,
  files: ReadonlyMap<string, Buffer | undefined>,
): void {
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(directory, 'config.json'), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  mkdirSync(join(directory, 'rootfs'), { mode: 0o755 });
  for (const [path, content] of files) {
    const file = join(directory, 'rootfs', path);
    if (content === undefined) mkdirSync(file);
    else writeFileSync(file, content);
  }
}

/** Contents by path; undefined for a directory. */
function readFilesOf(tree: string): ReadonlyMap<string, Buffer | undefined> {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths.map((path, index) => [
      path.slice(tree.length + 1),
      entries[index]?.isDirectory() === true ? undefined : readFileSync(path),
    ]),
  );
}

function withChecksum(record: Document): Document {
  const { Checksum: _, ...own } = as(record.Outboard);
  const document = { ...record, Outboard: own };
  return { ...document, Outboard: { ...own, Checksum: digestOf(document) } };
}

function writeBlob(root: string, document: Document): { digest: string; size: number } {
  const text = JSON.stringify(document);
  const hex = sha256(text);
  writeFileSync(join(root, 'storage', 'blobs', 'sha256', hex), text, { mode: 0o600 });
  return { digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
}

function readBlob(root: string, digest: unknown): string {
  return readFileSync(join(root, 'storage', 'blobs', String(digest).replace(':', '/')), 'utf8');
}

function digestOf(document: Document): string {
  return `sha256:${sha256(JSON.stringify(document))}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A field of a document that is an object. */
function as(value: unknown): Document {
  return value as Document; // as the daemon wrote it
}
