import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Answer } from '../testing/recorded-daemon.ts';
import { json } from '../testing/recorded-daemon.ts';
import { plugin, run } from '../testing/run-command.ts';

const signed = plugin('registry.test/acme/p:v1', {
  PluginReference: `registry.test/acme/p@sha256:${'ab'.repeat(32)}`,
});
const sends: Answer = (response) => void response.end('an archive');
const breaks: Answer = (response) => {
  response.write('half of it', () => response.destroy());
};

describe('outboard save', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ob-save-'));
  });
  after(() => rm(directory, { recursive: true }));

  test('asks no registry, and reads no credentials, unless it has to', async () => {
    const { out, code, daemon } = await run(['save', 'p', 'b/two:1'], {
      'GET /outboard/v1/plugins/save': sends,
    });
    assert.deepEqual([code, out], [0, 'an archive']);
    assert.deepEqual(
      daemon.requests.map(({ url }) => url.replace(/^\/v[\d.]+/, '')),
      ['/outboard/v1/plugins/save?names=p%3Alatest&names=b%2Ftwo%3A1'],
    );
    assert.equal(daemon.requests[0]?.headers['x-registry-config'], undefined);
  });

  test('sends the credentials for the registry that a plugin came from', async () => {
    const authfile = join(directory, 'auth.json');
    const auth = Buffer.from('me:secret').toString('base64');
    await writeFile(authfile, JSON.stringify({ auths: { 'registry.test': { auth } } }));
    const file = join(directory, 'p.tar');
    const words = ['--all-platforms', '--referrers', '--authfile', authfile, '-o', file];
    const { code, err, daemon } = await run(['save', ...words, 'registry.test/acme/p:v1'], {
      'GET /plugins/registry.test/acme/p:v1/json': json(signed),
      'GET /outboard/v1/plugins/save': sends,
    });
    assert.equal(code, 0, err);
    assert.equal(await readFile(file, 'utf8'), 'an archive');
    const request = daemon.requests.at(-1);
    assert.match(request?.url ?? '', /allPlatforms=1&referrers=1$/);
    const header = String(request?.headers['x-registry-config']);
    assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
      'registry.test/acme/p': { username: 'me', password: 'secret', serveraddress: 'registry.test' },
    });
    await Promise.all([rm(authfile), rm(file)]);
  });

  test('leaves no file when the daemon breaks off', async () => {
    const file = join(directory, 'p.tar');
    const { code, err } = await run(['save', '-o', file, 'p'], { 'GET /outboard/v1/plugins/save': breaks });
    assert.equal(code, 1);
    assert.match(err, /closed the connection before the archive was complete/);
    assert.deepEqual(await readdir(directory), []);
  });

  test('refuses a terminal before it asks for anything, as export does', async () => {
    for (const command of ['save', 'export']) {
      const { code, err, daemon } = await run([command, 'p'], {}, { columns: 80 });
      assert.equal(code, 1);
      assert.match(err, /cowardly refusing to save to a terminal: name a file with --output/);
      assert.deepEqual(daemon.requests, []);
    }
  });
});
