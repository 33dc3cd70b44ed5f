/**
 * A daemon that is killed in the middle of a download: the next one fetches the rest only.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf, encodeManifest, mediaTypes } from '@outboard/oci';
import { makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginConfigDocument } from '../support/plugin-fixture.ts';
import { tarArchive } from '../support/tar.ts';

const mebibyte = 1024 * 1024;
const payload = randomBytes(6 * mebibyte);
const layer = tarArchive([{ name: 'payload', content: payload }]);
/** Bytes of the layer that the first daemon gets. */
const sentBytes = 4 * mebibyte;

const describe = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});

/** A registry with one plugin; it sends the beginning of the layer, and the rest only to a request for a part. */
async function startStallingRegistry(context: TestContext) {
  const config = Buffer.from(JSON.stringify(pluginConfigDocument()));
  const manifest = encodeManifest({
    config: describe(mediaTypes.dockerPluginConfig, config),
    layers: [describe(mediaTypes.dockerLayer, layer)],
  });
  const blobs = new Map([config, layer].map((bytes) => [`/v2/acme/p/blobs/${digestOf(bytes)}`, bytes]));
  /** First byte of each request for the layer. */
  const starts: number[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    const bytes = blobs.get(url);
    if (url.includes('/manifests/')) {
      response.setHeader('content-type', mediaTypes.dockerManifest);
      response.end(manifest);
    } else if (bytes === layer) {
      const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      starts.push(start);
      const range = `bytes ${start}-${layer.length - 1}/${layer.length}`;
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': layer.length - start,
        ...(start > 0 && { 'content-range': range }),
      });
      if (start === 0) response.write(layer.subarray(0, sentBytes));
      else response.end(layer.subarray(start));
    } else response.end(bytes ?? '{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return { remote: `127.0.0.1:${port}/acme/p:v1`, starts };
}

/** The size of the interrupted download; 0 when there is none. */
function ingestedBytes(ingest: string): number {
  const name = readdirSync(ingest).find((each) => /^sha256-[0-9a-f]{64}$/.test(each));
  return name === undefined ? 0 : statSync(join(ingest, name)).size;
}

test('R22 a daemon that is killed while it downloads leaves what the next one goes on with', {
  skip: needsRoot,
}, async (context) => {
  const { remote, starts } = await startStallingRegistry(context);
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const killed = await startDaemon({ home });
  const ingest = join(killed.dataRoot, 'plugins', 'storage', 'ingest');
  const pulling = pluginApi(killed.socket)
    .pull(remote, 'p')
    .catch(() => undefined);
  // The daemon reports what it received, not what it wrote: the size of the file shows that.
  const deadline = AbortSignal.timeout(30_000);
  while (ingestedBytes(ingest) < 2 * mebibyte) await delay(10, undefined, { signal: deadline });
  await killed.end('SIGKILL');
  await pulling;
  const kept = ingestedBytes(ingest);

  const daemon = await startDaemon({ home });
  const api = pluginApi(daemon.socket);
  await api.pull(remote, 'p');
  assert.deepEqual(starts, [0, kept]);
  const { plugins } = checkDataRoot(daemon.dataRoot);
  assert.equal(plugins.length, 1);
  assert.ok(payload.equals(readFileSync(join(plugins[0]?.rootfs ?? '', 'payload'))));
  assert.deepEqual(readdirSync(ingest), []);
  await api.remove('p');
});
