/**
 * The stock docker CLI against the daemon and a real registry: its output.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { assertHostUnchanged, snapshotHost } from '../support/host-snapshot.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

describe('docker plugin', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let docker: DockerCli;
  let contexts: { first: string; second: string };

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    registry = await startRegistry();
    daemon = await startDaemon({ home });
    docker = await createDockerCli(daemon.socket);
    contexts = { first: join(home, 'first'), second: join(home, 'second') };
    const env = (value: string) => [{ Name: 'DEBUG', Description: '', Value: value, Settable: ['value'] }];
    await writePluginContext(contexts.first, { config: { Description: 'version one', Env: env('0') } });
    await writePluginContext(contexts.second, {
      config: {
        Description: 'version two',
        Env: [...env('0'), { Name: 'NEW', Description: '', Value: 'x', Settable: null }],
      },
    });
  });

  after(async () => {
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await registry.stop();
    await removeHome();
  });

  const inspect = async (plugin: string) => JSON.parse(await docker.succeed('plugin', 'inspect', plugin))[0];
  const names = async (...args: readonly string[]) =>
    (await docker.succeed('plugin', 'ls', '--format', '{{.Name}} {{.Enabled}}', ...args)).trim().split('\n');
  /** Create a plugin under the registry's name, push it, and remove it. */
  const publish = async (name: string, context: string) => {
    await docker.succeed('plugin', 'create', name, context);
    await docker.succeed('plugin', 'push', name);
    await docker.succeed('plugin', 'rm', name);
  };
  const install = ['plugin', 'install', '--grant-all-permissions'] as const;

  test('version and info show the daemon', async () => {
    assert.match(
      await docker.succeed('version'),
      /Server: Outboard\n Engine:\n {2}Version: +\d+\.\d+\.\d+\n/,
    );
    const info = await docker.succeed(
      'info',
      '--format',
      '{{.OSType}} {{.LiveRestoreEnabled}} {{.ServerErrors}}',
    );
    assert.equal(info, 'linux true []\n');
  });

  test('commands for everything but plugins and volumes fail with a reference to Docker', async () => {
    const commands = [
      ...[
        'ps',
        'images',
        'run --rm alpine true',
        'create alpine',
        'pull alpine',
        'push alpine',
        'search alpine',
      ],
      ...[
        'start a',
        'stop a',
        'kill a',
        'rm a',
        'exec a sh',
        'logs a',
        'top a',
        'stats --no-stream',
        'cp a:/b .',
      ],
      ...[
        'commit a',
        'tag a b',
        'rmi a',
        'history a',
        'save a',
        'import /dev/null',
        'attach a',
        'diff a',
        'port a',
      ],
      ...['container prune -f', 'image prune -f', 'builder prune -f', 'system df', 'system prune -f'],
      ...['network ls', 'network create n', 'swarm init', 'swarm leave', 'node ls', 'service ls', 'stack ls'],
      ...['secret ls', 'config ls'],
    ];
    const wanted =
      /this is Outboard, which manages plugins and their volumes, not .*docker context ls.*docs\/compatibility\.md/;
    const results = await Promise.all(commands.map((command) => docker.run(command.split(' '))));
    results.forEach(({ code, stderr }, index) => {
      assert.notEqual(code, 0, commands[index]);
      assert.match(stderr, wanted, commands[index]);
    });
  });

  test('docker inspect without a type finds a plugin, after everything that does not exist', async () => {
    await docker.succeed('plugin', 'create', 'acme/inspected', contexts.first);
    assert.equal(
      await docker.succeed('inspect', '-f', '{{.Name}}', 'acme/inspected'),
      'acme/inspected:latest\n',
    );
    assert.match(await docker.fail('inspect', 'acme/nothing'), /No such object: acme\/nothing/);
    await docker.succeed('plugin', 'rm', 'acme/inspected');
  });

  test('life cycle: create, ls, inspect, set, enable, disable, rm', async () => {
    const name = 'acme/life:latest';
    const before = snapshotHost(home);
    assert.equal(await docker.succeed('plugin', 'create', 'acme/life', contexts.first), 'acme/life\n');
    assert.match(await docker.succeed('plugin', 'ls'), /acme\/life:latest +version one +false/);
    await docker.succeed('plugin', 'set', name, 'DEBUG=1');
    assert.deepEqual((await inspect(name)).Settings.Env, ['DEBUG=1']);
    assert.equal(await docker.succeed('plugin', 'enable', name), `${name}\n`);
    assert.ok((await names('--filter', 'enabled=true')).includes(`${name} true`));
    assert.equal((await names('--filter', 'enabled=false')).includes(`${name} true`), false);
    assert.equal(await docker.succeed('plugin', 'disable', name), `${name}\n`);
    assert.equal(await docker.succeed('plugin', 'rm', name), `${name}\n`);
    assert.equal((await names()).includes(`${name} false`), false);
    assertHostUnchanged(before);
  });

  test('create --compress works, where Docker Engine fails', async () => {
    await docker.succeed('plugin', 'create', '--compress', 'acme/compressed', contexts.first);
    assert.equal((await inspect('acme/compressed')).Config.Description, 'version one');
    await docker.succeed('plugin', 'rm', 'acme/compressed');
  });

  test('push and install: progress, consent, alias and settings', async () => {
    const remote = `${registry.host}/acme/shared:v1`;
    await publish(remote, contexts.first);
    const { stdout } = await docker.run([...install, '--alias', 'local/shared', remote, 'DEBUG=7']);
    assert.match(stdout, /^v1: Pulling from 127\.0\.0\.1:\d+\/acme\/shared\nDigest: sha256:[0-9a-f]{64}\n/);
    assert.match(stdout, /[0-9a-f]{12}: Complete\n/);
    assert.ok(stdout.endsWith(`Installed plugin ${remote}\n`), stdout);
    const plugin = await inspect('local/shared');
    assert.deepEqual(
      [plugin.Name, plugin.Enabled, plugin.PluginReference, plugin.Settings.Env],
      ['local/shared:latest', true, remote, ['DEBUG=7']],
    );
    await docker.succeed('plugin', 'rm', '-f', 'local/shared');
  });

  test('install asks for each privilege, and installs nothing without consent', async () => {
    const remote = `${registry.host}/acme/consent:v1`;
    await publish(remote, contexts.first);
    const refused = await docker.run(['plugin', 'install', remote], 'n\n');
    assert.match(
      refused.stdout,
      /is requesting the following privileges:\n - network: \[none\]\n - mount: \[\/usr\]/,
    );
    assert.equal(refused.code, 1);
    assert.match(await docker.fail('plugin', 'inspect', remote), /not found/);
    const granted = await docker.run(['plugin', 'install', '--disable', remote], 'y\n');
    assert.equal(granted.code, 0, granted.stderr);
    assert.equal((await inspect(remote)).Enabled, false);
    await docker.succeed('plugin', 'rm', remote);
  });

  test('upgrade replaces a disabled plugin and keeps its settings', async () => {
    const [old, next] = ['v1', 'v2'].map((tag) => `${registry.host}/acme/upgraded:${tag}`) as [
      string,
      string,
    ];
    await publish(old, contexts.first);
    await publish(next, contexts.second);
    await docker.succeed(...install, '--alias', 'local/upgraded', old, 'DEBUG=5');
    const { Id } = await inspect('local/upgraded');
    const upgrade = [
      'plugin',
      'upgrade',
      '--grant-all-permissions',
      '--skip-remote-check',
      'local/upgraded',
      next,
    ];
    assert.match(
      await docker.fail(...upgrade),
      /plugin must be disabled before upgrading|the plugin must be disabled before upgrading/,
    );
    await docker.succeed('plugin', 'disable', 'local/upgraded');
    await docker.succeed(...upgrade);
    const plugin = await inspect('local/upgraded');
    assert.deepEqual(
      [plugin.Id, plugin.Config.Description, plugin.PluginReference, plugin.Settings.Env],
      [Id, 'version two', next, ['DEBUG=5', 'NEW=x']],
    );
    await docker.succeed('plugin', 'enable', 'local/upgraded');
    await docker.succeed('plugin', 'rm', '-f', 'local/upgraded');
  });

  test('a plugin is found by ID and by ID prefix', async () => {
    await docker.succeed('plugin', 'create', 'acme/by-id', contexts.first);
    const { Id } = await inspect('acme/by-id');
    for (const plugin of [Id, Id.slice(0, 12), 'docker.io/acme/by-id', 'acme/by-id:latest']) {
      assert.equal((await inspect(plugin)).Id, Id, plugin);
    }
    await docker.succeed('plugin', 'rm', Id.slice(0, 12));
  });

  test('errors have the texts and exit codes of Docker', async () => {
    const name = 'acme/errors:latest';
    await docker.succeed('plugin', 'create', name, contexts.first);
    const daemonSays = 'Error response from daemon: ';
    const fails = async (expected: string, ...args: readonly string[]) =>
      assert.equal(await docker.fail('plugin', ...args), daemonSays + expected);

    await fails('plugin "nope" not found', 'enable', 'nope');
    await fails('plugin "nope" not found', 'rm', 'nope');
    await fails(`plugin ${name} already exists`, 'create', name, contexts.first);
    await fails(`plugin is already disabled: plugin ${name} found but disabled`, 'disable', 'acme/errors');
    await fails('setting "NOPE" not found in the plugin configuration', 'set', name, 'NOPE=1');
    await fails('invalid format, must be <name>[.<field>][=<value>]', 'set', name, '=1');
    await fails('"DEBUG.path" is not settable', 'set', name, 'DEBUG.path=1');
    await docker.succeed('plugin', 'enable', name);
    await fails(`plugin already enabled: plugin ${name} is enabled`, 'enable', 'acme/errors');
    await fails(`plugin ${name} is enabled`, 'rm', 'acme/errors');
    await fails('cannot set on an active plugin, disable plugin before setting', 'set', name, 'DEBUG=1');
    await docker.succeed('plugin', 'rm', '-f', name);
    assert.match(await docker.fail('plugin', 'ls', '--filter', 'bogus=x'), /invalid filter 'bogus'/);
    assert.match(await docker.fail('plugin', 'inspect', 'nope'), /plugin "nope" not found/);
  });

  test('a remote that is missing or is not a plugin is an error, and nothing is installed', async () => {
    assert.match(await docker.fail(...install, `${registry.host}/acme/missing:v1`), /not found/);
    const refused = await callApi(daemon.socket, 'GET', '/plugins/privileges?remote=Upper/Case');
    assert.deepEqual(refused, {
      status: 400,
      text: '{"message":"invalid reference format: repository name must be lowercase"}\n',
    });
    assert.match(
      await docker.fail('plugin', 'push', 'acme/never-made'),
      /plugin "acme\/never-made:latest" not found/,
    );
  });

  test('a name that is taken is refused', async () => {
    const remote = `${registry.host}/acme/taken:v1`;
    await publish(remote, contexts.first);
    await docker.succeed('plugin', 'create', 'local/taken', contexts.first);
    const message = await docker.fail(...install, '--alias', 'local/taken', remote);
    assert.match(message, /^Error response from daemon: plugin local\/taken:latest already exists/);
    await docker.succeed('plugin', 'rm', 'local/taken');
  });

  test('a plugin that exits at once stays disabled, with the reason in the error', async () => {
    const context = join(home, 'broken');
    const script = 'console.error("no such device: flux"); process.exit(3);';
    await writePluginContext(context, { script });
    await docker.succeed('plugin', 'create', 'acme/broken', context);
    const message = await docker.fail('plugin', 'enable', 'acme/broken');
    assert.match(message, /no such device: flux/);
    assert.equal((await inspect('acme/broken')).Enabled, false);
    await docker.succeed('plugin', 'rm', 'acme/broken');
  });

  test('events show changes with full names', async () => {
    const since = String(Math.floor(Date.now() / 1000));
    await docker.succeed('plugin', 'create', 'acme/events', contexts.first);
    await docker.succeed('plugin', 'enable', 'acme/events');
    await docker.succeed('plugin', 'disable', 'acme/events');
    await docker.succeed('plugin', 'rm', 'acme/events');
    const until = String(Math.ceil(Date.now() / 1000) + 1);
    const format = '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}';
    const args = ['--since', since, '--until', until, '--filter', 'plugin=acme/events', '--format', format];
    assert.deepEqual((await docker.succeed('events', ...args)).trim().split('\n'), [
      'plugin create acme/events:latest',
      'plugin enable acme/events:latest',
      'plugin disable acme/events:latest',
      'plugin remove acme/events:latest',
    ]);
  });
});
