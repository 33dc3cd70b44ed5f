import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConnectablePlugin, ConnectOptions } from '../consumer-kind.ts';
import { podmanKind } from './podman-kind.ts';
import { parsePodmanVersion, podmanFeatures } from './podman-version.ts';

function plugin(alias: string, capability = 'volumedriver'): ConnectablePlugin {
  return {
    id: `id-of-${alias}`,
    name: `acme/${alias}:latest`,
    alias,
    socket: `/run/docker/plugins/${alias}.sock`,
    capabilities: [capability],
  };
}

/** The plan for plugins. @param found version that the program prints; null without Podman */
async function plan(
  plugins: readonly ConnectablePlugin[],
  options: ConnectOptions = {},
  found: string | null = '4.3.1',
) {
  const kind = podmanKind('/run/outboard-users', {
    readVersion: async () => (found === null ? undefined : parsePodmanVersion(found)),
    findUser: async () => ({ name: 'alice', uid: 1000, gid: 100, home: '/home/alice' }),
  });
  const examined = await kind.examine(options, {});
  return { description: examined.description, ...examined.plan(plugins) };
}

describe('the versions of Podman', () => {
  for (const [text, dropIns, timeout] of [
    ['3.0.0', false, false],
    ['3.2.9', false, false],
    ['3.3.0', true, false],
    ['4.2.1', true, false],
    ['4.3.1', true, true],
    ['5.6.2', true, true],
    ['5.7.0', true, true],
    ['6.0.0-dev', true, true],
  ] as const) {
    test(`${text} reads what it is known to read`, () => {
      assert.deepEqual(podmanFeatures(parsePodmanVersion(text)), {
        hasDropIns: dropIns,
        hasTimeout: timeout,
      });
    });
  }

  for (const text of ['', '4', 'four', '4.x', '4.3.1\n[engine]', `4.3.${'1'.repeat(200)}`]) {
    test(`${JSON.stringify(text).slice(0, 30)} is no version`, () => {
      assert.throws(() => parsePodmanVersion(text), { kind: 'invalid' });
    });
  }
});

describe('drop-ins for Podman', () => {
  test('one for each volume plugin, with its socket and the limit of calls', async () => {
    const { description, files, notes } = await plan([plugin('sshfs'), plugin('firewall', 'authz')]);
    assert.equal(description, 'Podman 4.3.1');
    assert.deepEqual(files, [
      {
        path: '/etc/containers/containers.conf.d/50-outboard-sshfs.conf',
        pluginId: 'id-of-sshfs',
        content: `# From Outboard, for its plugin "acme/sshfs:latest".
# "outboard disconnect podman" removes it.
[engine]
volume_plugin_timeout = 150

[engine.volume_plugins]
sshfs = "/run/docker/plugins/sshfs.sock"
`,
      },
    ]);
    assert.deepEqual(notes, []);
  });

  test('without the limit before version 4.3, and say so', async () => {
    const { files, notes } = await plan([plugin('sshfs')], {}, '4.2.1');
    assert.doesNotMatch(files[0]?.content ?? '', /timeout/);
    assert.match(notes.join(), /Podman 4\.2\.1 gives each call to a plugin 5 s/);
  });

  test('a key is quoted when TOML wants it, and no name leaves its quotes', async () => {
    const { files } = await plan([{ ...plugin('p'), alias: 'a.b', socket: '/run/"x\n\x7f.sock' }]);
    assert.match(files[0]?.content ?? '', /^"a\.b" = "\/run\/\\"x\\n\\u007f\.sock"$/m);
  });

  for (const alias of ['local', 'image']) {
    test(`the alias ${alias} is refused, with another one to take`, async () => {
      const { files, notes } = await plan([plugin(alias), plugin('sshfs')]);
      assert.deepEqual(
        files.map(({ pluginId }) => pluginId),
        ['id-of-sshfs'],
      );
      assert.deepEqual(notes, [
        `Podman has a driver "${alias}" of its own: give acme/${alias}:latest another name with: outboard update --gateway-alias my-${alias} acme/${alias}:latest`,
      ]);
    });
  }

  test('below a prefix, in another directory, with another limit and for another version', async () => {
    const below = await plan([plugin('p')], { prefix: '/mnt/image', timeout: 0 }, '3.0.0');
    assert.equal(below.description, 'Podman of unknown version');
    assert.equal(below.files[0]?.path, '/mnt/image/etc/containers/containers.conf.d/50-outboard-p.conf');
    assert.match(below.files[0]?.content ?? '', /volume_plugin_timeout = 0\n/);
    assert.match(below.notes.join(), /Podman below a prefix is not run/);
    const elsewhere = await plan([plugin('p')], { configDir: '/srv/conf.d', version: '3.4.4' });
    assert.equal(elsewhere.files[0]?.path, '/srv/conf.d/50-outboard-p.conf');
    assert.deepEqual(elsewhere.notes, []);
  });

  test('without Podman on the host: for current versions, and say so', async () => {
    const { files, notes } = await plan([plugin('p')], {}, null);
    assert.equal(files.length, 1);
    assert.match(notes.join(), /Podman was not found on this host/);
  });

  test('without a volume plugin: say when they are connected', async () => {
    const { files, notes } = await plan([]);
    assert.deepEqual(files, []);
    assert.deepEqual(notes, ['No volume plugin is enabled: each one is connected as soon as it is.']);
  });

  test('a Podman that reads no drop-ins is refused, with the lines to add by hand', async () => {
    await assert.rejects(plan([plugin('p')], {}, '3.0.1'), {
      kind: 'conflict',
      message: `Podman 3.0.1 reads no drop-in files: version 3.3 or later is needed; or add to /etc/containers/containers.conf by hand:
[engine.volume_plugins]
p = "/run/docker/plugins/p.sock"
`,
    });
  });

  test('relative directories are refused', async () => {
    await assert.rejects(plan([], { prefix: 'image' }), {
      kind: 'invalid',
      message: 'prefix "image" is relative: an absolute path is needed',
    });
    await assert.rejects(plan([], { configDir: 'conf.d' }), { kind: 'invalid' });
  });
});

describe('drop-ins for Podman of a user', () => {
  const drivers = [
    plugin('files'),
    plugin('secret'),
    { ...plugin('both'), capabilities: ['volumedriver', 'authz'] },
  ];

  test('are in the home directory, for the shared plugins and with the sockets of the user', async () => {
    const { description, files, notes } = await plan(drivers, { user: 'alice', shares: ['acme/files'] });
    assert.equal(description, 'Podman 4.3.1 of the user alice');
    assert.deepEqual(
      files.map(({ path, owner }) => ({ path, owner })),
      [
        {
          path: '/home/alice/.config/containers/containers.conf.d/50-outboard-files.conf',
          owner: { uid: 1000, gid: 100 },
        },
      ],
    );
    assert.match(files[0]?.content ?? '', /^files = "\/run\/outboard-users\/1000\/files\.sock"$/m);
    assert.deepEqual(notes, []);
  });

  test('are written for no plugin that serves more than volumes, and a note says so', async () => {
    const { files, notes } = await plan(drivers, { user: 'alice', shares: ['both', 'absent'] });
    assert.deepEqual(files, []);
    assert.deepEqual(notes, [
      'No enabled plugin "both" serves volumes alone: it is shared as soon as one does.',
      'No enabled plugin "absent" serves volumes alone: it is shared as soon as one does.',
    ]);
  });

  for (const [name, options, message] of [
    ['a user without plugins', { user: 'alice' }, /name at least one/],
    ['plugins without a user', { shares: ['files'] }, /name one as well/],
    ['a system below a prefix', { user: 'alice', shares: ['files'], prefix: '/mnt' }, /not below a prefix/],
  ] as const) {
    test(`are refused for ${name}`, async () => {
      await assert.rejects(plan(drivers, options), { kind: 'invalid', message });
    });
  }
});
