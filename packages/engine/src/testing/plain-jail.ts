/**
 * An unpack jail without namespaces, for tests without root. This process writes directories and regular files itself,
 * which is safe for the archives of tests only.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UnpackJail } from '@outboard/container';
import {
  cleanEntryName,
  createDigester,
  createTarReader,
  createTarWriter,
  decompress,
  digestOf,
  type TarHandler,
} from '@outboard/oci';

/** Steps of a jail that tests can make fail or wait. */
export interface JailHooks {
  /** Called before a layer is applied. */
  beforeApply?: (() => void | Promise<void>) | undefined;
  /** Called with the root filesystem, before `finish` resolves. */
  beforeFinish?: ((rootfs: string) => void | Promise<void>) | undefined;
}

/** A jail over an existing directory. @param hooks read at each step, so that tests can change them meanwhile */
export function openPlainJail(rootfs: string, hooks: JailHooks = {}): UnpackJail {
  return {
    async apply(layer, { signal } = {}) {
      await hooks.beforeApply?.();
      const { compression, content } = await decompress(layer, { signal });
      const digester = createDigester();
      const files = createFileWriter(rootfs);
      const reader = createTarReader(files.handler);
      let size = 0;
      for await (const chunk of content) {
        digester.update(chunk);
        reader.write(chunk);
        size += chunk.length;
      }
      reader.end();
      return { diffId: digester.digest(), compression, entries: files.count(), size, warnings: [] };
    },
    archive: ({ contents } = {}) => archiveFiles(rootfs, contents === 'digests'),
    async finish() {
      await hooks.beforeFinish?.(rootfs);
    },
    async [Symbol.asyncDispose]() {
      // It has no process.
    },
  };
}

/** Directories and regular files, in the order of their names. */
async function* archiveFiles(rootfs: string, isListing: boolean): AsyncGenerator<Buffer> {
  const out: Buffer[] = [];
  const writer = createTarWriter((piece) => void out.push(Buffer.from(piece)));
  const common = { linkName: Buffer.alloc(0), uid: 0, gid: 0, modifiedAt: 0, deviceMajor: 0, deviceMinor: 0 };
  for (const name of readdirSync(rootfs, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(rootfs, name);
    const isFile = statSync(path).isFile();
    const bytes = isFile ? readFileSync(path) : Buffer.alloc(0);
    const content = isFile && isListing ? Buffer.from(`${bytes.length} ${digestOf(bytes)}`) : bytes;
    const type = isFile ? 'file' : 'directory';
    const entry = { ...common, type, name: Buffer.from(name), mode: 0o755, size: content.length } as const;
    writer.onEntry({ ...entry, xattrs: new Map() });
    writer.onContent(content);
    writer.onEntryEnd();
    yield* out.splice(0);
  }
  writer.end();
  yield* out.splice(0);
}

function createFileWriter(rootfs: string) {
  let entries = 0;
  let path = '';
  let isFile = false;
  let content: Buffer[] = [];
  const handler: TarHandler = {
    onEntry(entry) {
      entries++;
      path = join(rootfs, cleanEntryName(entry.name, entry.type === 'directory').toString());
      isFile = entry.type === 'file';
      content = [];
    },
    onContent: (chunk) => void content.push(Buffer.from(chunk)),
    onEntryEnd() {
      if (isFile) writeFileSync(path, Buffer.concat(content));
      else mkdirSync(path, { recursive: true });
    },
  };
  return { handler, count: () => entries };
}
