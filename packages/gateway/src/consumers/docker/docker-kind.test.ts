import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { ConnectablePlugin, ConnectOptions } from '../consumer-kind.ts';
import { type DockerFacts, readDockerFacts } from './docker-facts.ts';
import { dockerKind } from './docker-kind.ts';

const facts: DockerFacts = { version: '20.10.24', plugins: [] };

function plugin(alias: string, more: Partial<ConnectablePlugin> = {}): ConnectablePlugin {
  const socket = `/run/docker/plugins/${alias}.sock`;
  return {
    id: 'a'.repeat(64),
    name: `acme/${alias}:latest`,
    alias,
    socket,
    capabilities: ['volumedriver'],
    ...more,
  };
}

async function planFor(
  plugins: readonly ConnectablePlugin[],
  { options = {}, found = facts }: { options?: ConnectOptions; found?: DockerFacts | 'none' } = {},
) {
  const kind = dockerKind(async () => (found === 'none' ? undefined : found));
  const examined = await kind.examine(options, {});
  return { description: examined.description, ...examined.plan(plugins) };
}

describe('dockerKind()', () => {
  test('writes nothing for sockets that the engine finds by itself', async () => {
    const { description, files, notes } = await planFor([plugin('sshfs'), plugin('rclone')]);
    assert.deepEqual(
      [description, files, notes],
      ['Docker Engine 20.10.24', [], ['Found by its socket, without a file: sshfs, rclone.']],
    );
  });

  test('writes a spec file for a socket elsewhere, and for another directory or system', async () => {
    const elsewhere = plugin('sshfs', { socket: '/srv/gateway/sshfs.sock' });
    const expected = { content: 'unix:///srv/gateway/sshfs.sock\n', pluginId: elsewhere.id };
    const { files } = await planFor([elsewhere]);
    assert.deepEqual(files, [{ path: '/etc/docker/plugins/sshfs.spec', ...expected }]);
    const image = await planFor([elsewhere], { options: { prefix: '/image' } });
    assert.deepEqual(image.files, [{ path: '/image/etc/docker/plugins/sshfs.spec', ...expected }]);
    const moved = await planFor([plugin('sshfs')], { options: { configDir: '/usr/lib/docker/plugins' } });
    assert.deepEqual(
      moved.files.map(({ path, content }) => [path, content]),
      [['/usr/lib/docker/plugins/sshfs.spec', 'unix:///run/docker/plugins/sshfs.sock\n']],
    );
  });

  test('leaves plugins out that the engine would never ask, and suggests another name', async () => {
    const own = [
      ['local', 'volumedriver'],
      ['bridge', 'networkdriver'],
      ['default', 'ipamdriver'],
      ['syslog', 'logdriver'],
    ] as const;
    for (const [alias, capability] of own) {
      const refused = plugin(alias, { socket: `/srv/${alias}.sock`, capabilities: [capability] });
      const { files, notes } = await planFor([refused]);
      assert.deepEqual(files, []);
      const remedy = `give acme/${alias}:latest another name with: outboard update --gateway-alias my-${alias} acme/${alias}:latest`;
      assert.deepEqual(notes, [`Docker Engine has a driver "${alias}" of its own: ${remedy}`]);
    }
    assert.equal(
      (await planFor([plugin('bridge', { socket: '/srv/b.sock' })])).files.length,
      1,
      'not a network',
    );
  });

  test('tells of plugins of the engine that win over the name', async () => {
    const id = 'abc4'.repeat(16);
    const found = { version: '28.2.2', plugins: [{ id, name: 'sshfs:latest' }] };
    const { notes } = await planFor([plugin('sshfs'), plugin('abc'), plugin('rclone')], { found });
    assert.match(
      notes[0] ?? '',
      /^Docker Engine has the plugin sshfs:latest of its own, which wins over "sshfs": /,
    );
    assert.match(notes[1] ?? '', /which wins over "abc": give acme\/abc:latest another name/);
    assert.equal(notes[2], 'Found by its socket, without a file: rclone.');
  });

  test('takes no plugins that the engine cannot use through a socket', async () => {
    const metrics = plugin('metrics', { capabilities: ['metricscollector'] });
    const { notes } = await planFor([metrics]);
    assert.deepEqual(notes, [
      'No plugin for Docker Engine is enabled: each one is connected as soon as it is.',
    ]);
  });

  test('tells how an authorization plugin is put in force', async () => {
    const { notes } = await planFor([plugin('policy', { capabilities: ['authz'] })]);
    assert.match(notes.join('\n'), /add it to "authorization-plugins" in \/etc\/docker\/daemon.json/);
  });

  test('connects also while no engine runs, and says so', async () => {
    const { description, notes } = await planFor([], { found: 'none' });
    assert.equal(description, 'Docker Engine of unknown version');
    assert.match(notes.join('\n'), /does not answer at \/run\/docker.sock/);
  });

  test('refuses relative directories', async () => {
    for (const options of [{ prefix: 'image' }, { configDir: 'plugins' }]) {
      await assert.rejects(dockerKind().examine(options, {}), { kind: 'invalid', message: /is relative/ });
    }
  });
});

describe('readDockerFacts()', () => {
  async function serve(context: TestContext, answers: Readonly<Record<string, string>>): Promise<string> {
    const home = await mkdtemp(join(tmpdir(), 'ob-facts-'));
    const server = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
    const path = join(home, 'docker.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    context.after(async () => {
      server.close();
      server.closeAllConnections();
      await rm(home, { recursive: true, force: true });
    });
    return path;
  }

  test('reads the version and the plugins', async (context) => {
    const path = await serve(context, {
      '/version': '{"Version":"20.10.24","ApiVersion":"1.41"}',
      '/plugins': '[{"Id":"abc","Name":"sshfs:latest","Enabled":false}]',
    });
    assert.deepEqual(await readDockerFacts({}, path), {
      version: '20.10.24',
      plugins: [{ id: 'abc', name: 'sshfs:latest' }],
    });
  });

  test('knows nothing without an engine, and of an answer that is none', async (context) => {
    assert.equal(await readDockerFacts({}, '/nonexistent/docker.sock'), undefined);
    assert.equal(await readDockerFacts({}, await serve(context, {})), undefined);
    assert.equal(await readDockerFacts({}, await serve(context, { '/version': 'hello' })), undefined);
    assert.equal(
      await readDockerFacts({}, await serve(context, { '/version': '{}', '/plugins': '[]' })),
      undefined,
    );
  });

  test('is ended by its caller', async (context) => {
    const path = await serve(context, {});
    const reason = new Error('enough');
    await assert.rejects(readDockerFacts({ signal: AbortSignal.abort(reason) }, path), reason);
  });
});
