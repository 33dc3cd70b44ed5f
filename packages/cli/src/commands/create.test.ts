import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { runCommandLine } from '../run-command-line.ts';
import { empty, json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';
import { createTestHost } from '../testing/test-host.ts';

describe('create', () => {
  const withContext = async (step: (context: string) => Promise<void>) => {
    const context = mkdtempSync(join(tmpdir(), 'ob-cli-create-'));
    try {
      mkdirSync(join(context, 'rootfs'));
      writeFileSync(join(context, 'config.json'), '{}');
      writeFileSync(join(context, 'rootfs/data'), Buffer.alloc(3_000_000, 'x'));
      await step(context);
    } finally {
      rmSync(context, { recursive: true });
    }
  };
  const answers = { 'POST /plugins/create': empty(204) };

  test('prints the warnings of the daemon, without what a terminal would obey', () =>
    withContext(async (context) => {
      const headers = { 'Outboard-Warnings': '["config: \\"Linux.Capabilities\\"", "\\u001b[2J"]' };
      const warned = { 'POST /plugins/create': empty(204, headers) };
      const { code, out, err } = await run(['create', 'acme/p', context], warned);
      assert.deepEqual([code, out], [0, 'acme/p\n']);
      assert.equal(err, 'warning: config: "Linux.Capabilities"\nwarning: \\x1b[2J\n');
    }));

  for (const flags of [[], ['--compress']] as const) {
    test(`sends a tar stream ${flags.join(' ')}`, () =>
      withContext(async (context) => {
        const { code, out, daemon } = await run(['create', ...flags, 'acme/p', context], answers);
        assert.deepEqual([code, out], [0, 'acme/p\n']);
        const [request] = daemon.requests;
        assert.equal(request?.url, '/v1.51/plugins/create?name=acme%2Fp&mustRun=1');
        assert.equal(request?.headers['content-type'], 'application/x-tar');
        const archive = flags.length === 0 ? request?.body : gunzipSync(request?.body ?? '');
        const names = execFileSync('tar', ['--list'], { input: archive, encoding: 'utf8' });
        assert.equal(names, 'config.json\nrootfs/\nrootfs/data\n');
      }));
  }

  test('requests no check with --no-check', () =>
    withContext(async (context) => {
      const { daemon } = await run(['create', '--no-check', 'acme/p', context], answers);
      assert.equal(daemon.requests[0]?.url, '/v1.51/plugins/create?name=acme%2Fp');
    }));

  test('names platform and format to an Outboard only', () =>
    withContext(async (context) => {
      const flags = ['--platform', 'linux/arm64', '--format', 'oci'];
      const version = (Name: string) => ({ 'GET /version': json({ Platform: { Name } }) });
      const { code, daemon } = await run(['create', ...flags, 'acme/p', context], {
        ...answers,
        ...version('Outboard'),
      });
      assert.equal(code, 0);
      const query = new URLSearchParams(daemon.requests.at(-1)?.url.split('?')[1]);
      assert.deepEqual([query.get('platform'), query.get('format')], ['linux/arm64', 'oci']);
      for (const flag of [flags.slice(0, 2), flags.slice(2)]) {
        const docker = { ...answers, ...version('Docker Engine - Community') };
        const refused = await run(['create', ...flag, 'acme/p', context], docker);
        assert.equal(refused.code, 1);
        assert.match(refused.err, /this daemon cannot/);
        assert.deepEqual(refused.daemon.lines(), ['GET /v1.51/version']);
      }
    }));

  test('sends nothing when a part is missing', () =>
    withContext(async (context) => {
      rmSync(join(context, 'config.json'));
      const { code, err, daemon } = await run(['create', 'acme/p', context], answers);
      assert.equal(code, 1);
      assert.match(err, /^open .*config\.json: no such file or directory\n$/);
      assert.equal(daemon.requests.length, 0);
    }));

  test('reports the reason of a daemon that refuses before the end of the upload', () =>
    withContext(async (context) => {
      writeFileSync(join(context, 'rootfs/data'), Buffer.alloc(30_000_000));
      const refusal = '{"message":"plugin acme/p:latest already exists"}';
      const head = `HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: ${refusal.length}\r\n\r\n`;
      const socket = join(context, 's');
      const server = createServer((connection) => {
        connection.on('error', () => {});
        connection.once('data', (first) => {
          if (!String(first).startsWith('HEAD')) return void connection.pause().write(head + refusal);
          connection.write(
            'HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
          );
          connection.end();
        });
      }).listen(socket);
      await once(server, 'listening');
      try {
        const host = createTestHost({ env: { OUTBOARD_HOST: `unix://${socket}` } });
        assert.equal(await runCommandLine(['create', 'acme/p', context], host), 1);
        assert.equal(host.err(), 'Error response from daemon: plugin acme/p:latest already exists\n');
      } finally {
        server.close();
      }
    }));
});
