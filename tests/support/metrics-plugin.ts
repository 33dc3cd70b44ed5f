/**
 * A plugin that collects metrics: it reads the metrics socket, and keeps a journal of its calls in `/journal`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPluginClient } from '@outboard/protocol';
import type { PluginArchiveOptions } from './plugin-archive.ts';
import { fixtureSocket } from './plugin-fixture.ts';

const script = `
import { appendFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
const started = Promise.withResolvers ? Promise.withResolvers() : withResolvers();
function withResolvers() {
  let resolve;
  return { promise: new Promise((settle) => { resolve = settle; }), resolve };
}
function scrape() {
  return new Promise((resolve, reject) => {
    get({ socketPath: '/run/docker/metrics.sock', path: '/metrics', agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ Status: response.statusCode, Type: response.headers['content-type'], Text: text });
    }).on('error', reject);
  });
}
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const method = request.url.replace('/MetricsCollector.', '');
  if (method !== request.url) appendFileSync('/journal', method + JSON.stringify(body) + '\\n');
  if (method === 'StartMetrics') started.resolve();
  if (request.url === '/Test.Scrape') {
    await started.promise;
    const scraped = await scrape().catch((error) => ({ Status: 0, Text: String(error) }));
    response.end(JSON.stringify({ ...scraped, Pid: process.pid }));
  } else response.end(); // as collectors do that answer nothing
});
server.listen('/run/docker/plugins/${fixtureSocket}');
process.on('SIGTERM', () => process.exit(0));
`;

/** @param propagatedMount Docker's documentation requires `/run/docker` */
export function metricsPlugin(propagatedMount = ''): PluginArchiveOptions {
  const types = ['docker.metricscollector/1.0'];
  return {
    script,
    config: { Interface: { Types: types, Socket: fixtureSocket }, PropagatedMount: propagatedMount },
  };
}

/** Metrics as a collector read them. */
export interface Scraped {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Make a collector read the metrics after its start call. */
export async function scrapeInPlugin(execRoot: string, id: string): Promise<Scraped> {
  await using client = createPluginClient({
    socketPath: join(execRoot, 'plugins', id, fixtureSocket),
    timeoutMs: 30_000,
  });
  const reply = await client.call('Test.Scrape', {}, { idempotent: true });
  return { status: Number(reply.raw('Status')), type: reply.text('Type'), text: reply.text('Text') };
}

/** Calls to a collector so far, with their bodies. */
export function readJournal(dataRoot: string, id: string): readonly string[] {
  const path = join(dataRoot, 'plugins', id, 'rootfs', 'journal');
  return readFileSync(path, 'utf8').trim().split('\n');
}
