import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scrape } from './scrape.ts';

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-scrape-'));
  const path = join(directory, 'metrics.sock');
  const server = createServer(listener);
  await once(server.listen(path), 'listening');
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  });
  return path;
}

test('scrape() returns the text of /metrics', async (context) => {
  const path = await serve(context, (request, response) => response.end(`engine_path "${request.url}"\n`));
  assert.equal(await scrape(path), 'engine_path "/metrics"\n');
});

test('scrape() says which socket failed and why', async (context) => {
  const failing = await serve(context, (_request, response) => response.writeHead(503).end('no'));
  await assert.rejects(scrape(failing), /cannot read the engine's metrics from ".*": .* status 503/);
  await assert.rejects(scrape(`${failing}-not`), /ENOENT/);
});

test('scrape() ends when its signal is aborted in the middle of an answer, and takes 16 MiB at most', async (context) => {
  const abort = new AbortController();
  const hanging = await serve(context, (_request, response) => {
    response.write('engine_');
    setImmediate(() => abort.abort());
  });
  await assert.rejects(scrape(hanging, abort.signal), /no complete answer in time/);
  const large = Buffer.alloc(17 * 1024 * 1024, 'x');
  const endless = await serve(context, (_request, response) => response.end(large));
  await assert.rejects(scrape(endless), /the answer exceeds 16777216 bytes/);
});
