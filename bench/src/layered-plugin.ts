/**
 * A plugin of many layers, written into the registry directly: `plugin create` makes one layer only.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { makeDirectories } from './make-directories.ts';

const compress = promisify(gzip);
const execute = promisify(execFile);
const layerBytes = 4_000_000;

interface StoredBlob {
  readonly digest: string;
  readonly size: number;
}

/**
 * Write a plugin with layers of 4 MB of programs each.
 * @param directory for temporary files
 * @param repository `http://HOST/v2/NAME`
 * @param count number of layers
 */
export async function publishLayers(directory: string, repository: string, count: number): Promise<void> {
  await makeDirectories(directory);
  await using program = await open(process.execPath);
  const layers: StoredBlob[] = [];
  const diffIds: string[] = [];
  for (let index = 0; index < count; index++) {
    const content = Buffer.alloc(layerBytes);
    await program.read(content, 0, layerBytes, (index * layerBytes) % 60_000_000);
    content.writeUInt32BE(index); // so that no two layers are equal
    const tar = await archive(directory, `part-${index}`, content);
    diffIds.push(digestOf(tar));
    layers.push(await putBlob(repository, await compress(tar)));
  }
  const config = await putBlob(repository, Buffer.from(JSON.stringify(configOf(diffIds))));
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: { mediaType: 'application/vnd.docker.plugin.v1+json', ...config },
    layers: layers.map((layer) => ({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      ...layer,
    })),
  };
  await send(`${repository}/manifests/latest`, 'PUT', manifest.mediaType, JSON.stringify(manifest));
}

/** An archive with one file. */
async function archive(directory: string, name: string, content: Buffer): Promise<Buffer> {
  await writeFile(join(directory, name), content);
  const args = ['--numeric-owner', '--owner=0', '--group=0', '-cf', '-', '-C', directory, name];
  const { stdout } = await execute('tar', args, { encoding: 'buffer', maxBuffer: 2 * content.length });
  await rm(join(directory, name));
  return stdout;
}

function configOf(diffIds: readonly string[]) {
  return {
    description: 'many layers',
    documentation: '',
    interface: { types: ['docker.volumedriver/1.0'], socket: 'plugin.sock' },
    entrypoint: ['/plugin'],
    network: { type: '' },
    args: { name: 'args', value: [] },
    linux: {},
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
}

async function putBlob(repository: string, bytes: Buffer): Promise<StoredBlob> {
  const digest = digestOf(bytes);
  const { headers } = await send(`${repository}/blobs/uploads/`, 'POST');
  const location = new URL(headers.get('location') ?? '', repository);
  location.searchParams.set('digest', digest);
  await send(String(location), 'PUT', 'application/octet-stream', bytes);
  return { digest, size: bytes.length };
}

async function send(url: string, method: string, type?: string, body?: Buffer | string): Promise<Response> {
  const headers = type === undefined ? {} : { 'Content-Type': type };
  const response = await fetch(url, { method, headers, body: body ?? null });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  return response;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
