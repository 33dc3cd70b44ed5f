import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createRegistriesConfiguration } from '../../configuration/registries-configuration.ts';
import { createRegistryClient, type RegistryClientOptions } from '../http-registry-client.ts';

/** Serve, and fetch the path `/file` with at most 10 bytes. */
async function fetchFrom(t: TestContext, listener: RequestListener, options: RegistryClientOptions = {}) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const client = createRegistryClient({
    retry: { attempts: 2, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 10_000 },
    ...options,
  });
  t.after(async () => {
    await client[Symbol.asyncDispose]();
    server.close();
  });
  return (path = '/file') => client.fetchFile(new URL(`http://127.0.0.1:${port}${path}`), { maxBytes: 10 });
}

test('fetchFile() reads a file whole, without credentials, and follows redirects', async (t) => {
  const asked: (string | undefined)[] = [];
  const fetchFile = await fetchFrom(t, ({ url, headers }, response) => {
    asked.push(url, headers.authorization);
    if (url === '/file') response.writeHead(302, { Location: '/moved' }).end();
    else response.end('content');
  });
  assert.equal((await fetchFile())?.toString(), 'content');
  assert.deepEqual(asked, ['/file', undefined, '/moved', undefined]);
});

test('fetchFile() returns nothing for a file that is missing, and tries again what may pass', async (t) => {
  let count = 0;
  const fetchFile = await fetchFrom(t, ({ url }, response) => {
    count++;
    response.writeHead(url === '/none' ? 404 : 503).end('no');
  });
  assert.equal(await fetchFile('/none'), undefined);
  assert.equal(count, 1);
  await assert.rejects(fetchFile(), { kind: 'unavailable', message: /503 Service Unavailable/ });
  assert.equal(count, 3);
});

for (const [title, answer, kind, message] of [
  [
    'a file that is too large',
    { body: 'x'.repeat(11) },
    'invalid',
    /file is too large: want at most 10 bytes/,
  ],
  ['a refusal', { status: 403 }, 'forbidden', /403 Forbidden/],
  ['redirects without end', { location: '/file' }, 'invalid', /is redirected more than 5 times/],
  ['a redirect to another scheme', { location: 'file:///etc/shadow' }, 'forbidden', /want http: or https:/],
  [
    'a redirect to a service of the cloud',
    { location: 'http://169.254.169.254/latest' },
    'forbidden',
    /the address is link-local/,
  ],
] as const) {
  test(`fetchFile() refuses ${title}`, async (t) => {
    const { status, location, body = '' }: { status?: number; location?: string; body?: string } = answer;
    const fetchFile = await fetchFrom(t, (_request, response) => {
      response.writeHead(status ?? (location ? 302 : 200), location ? { Location: location } : {}).end(body);
    });
    await assert.rejects(fetchFile(), { kind, message });
  });
}

test('fetchFile() asks no blocked host, also not by a redirect', async (t) => {
  const rule = { prefix: 'blocked.test', blocked: true, source: 'a file' };
  const configuration = createRegistriesConfiguration({ rules: [rule as never] });
  const fetchFile = await fetchFrom(
    t,
    (_request, response) => response.writeHead(302, { Location: 'http://blocked.test/file' }).end(),
    { configuration },
  );
  await assert.rejects(fetchFile(), { kind: 'forbidden', code: 'registry-blocked' });
});
