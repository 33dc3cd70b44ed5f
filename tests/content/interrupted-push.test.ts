/**
 * A daemon that is killed in the middle of a push to a real registry: nothing is tagged, and the next push sends only what the
 * registry lacks.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { request as connect, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry } from '../support/registry.ts';

/** A large body, which the layer has and the config has not. */
const largeBytes = 1024 * 1024;

/** A registry behind a server that notes what is stored, and holds the first large body up. */
async function startHoldingRegistry(context: TestContext) {
  const registry = await startRegistry();
  const [hostname, port] = registry.host.split(':');
  const stored: string[] = [];
  const events = new EventEmitter();
  let isHeld = false;
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const isLarge = Number(headers['content-length'] ?? 0) > largeBytes;
    if (isLarge && !isHeld) {
      isHeld = true;
      return void events.emit('held');
    }
    const upstream = connect({ hostname, port, method, path: url, headers }, (answer) => {
      if (method === 'PUT')
        stored.push(url.includes('/manifests/') ? 'manifest' : isLarge ? 'layer' : 'config');
      if (method === 'PUT') events.emit('stored');
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(upstream);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await registry.stop();
  });
  const address = server.address() as AddressInfo; // a TCP server that listens has one
  return { host: `127.0.0.1:${address.port}`, upstream: registry.host, stored, events };
}

test('R36 a push that is repeated after the daemon was killed sends only the blobs that the registry lacks', {
  skip: needsRoot,
}, async (context) => {
  const { host, upstream, stored, events } = await startHoldingRegistry(context);
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const name = `${host}/acme/p:v1`;
  const killed = await startDaemon({ home });
  const api = pluginApi(killed.socket);
  await api.create(
    name,
    pluginArchive({ entries: [{ name: 'payload', content: randomBytes(2 * largeBytes) }] }),
  );
  const both = Promise.all([once(events, 'held'), once(events, 'stored')]);
  const pushing = api.push(name).catch(() => undefined);
  await both;
  await killed.end('SIGKILL');
  await pushing;
  assert.deepEqual(stored, ['config']);
  const tags = () => fetch(`http://${upstream}/v2/acme/p/tags/list`).then((answer) => answer.status);
  assert.equal(await tags(), 404);

  const daemon = await startDaemon({ home });
  await pluginApi(daemon.socket).push(name);
  assert.deepEqual(stored, ['config', 'layer', 'manifest']);
  assert.equal(await tags(), 200);
});
