/**
 * The examples of every kind but volumes: packed as authors pack them, enabled, and used by a Docker Engine, through the
 * gateway of Outboard and as plugins of its own.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pollUntil } from '@outboard/async';
import { createPluginClient, createSecretProvider } from '@outboard/protocol';
import { buildExamples, needsIproute } from '../support/built-examples.ts';
import { callApi, makeDaemonHome } from '../support/daemon.ts';
import {
  busyboxImage,
  type DockerEngine,
  needsDockerEngine,
  startDockerEngine,
} from '../support/docker-engine.ts';
import { type DockerHost, openDockerHost } from '../support/docker-host.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const examples = [
  'authorization-rules',
  'log-json-lines',
  'metrics-textfile',
  'network-bridge',
  'secrets-directory',
] as const;
type Example = (typeof examples)[number];

const skip = needsDockerEngine || needsIproute;
let built = '';

before(async () => {
  built = await mkdtemp(join(tmpdir(), 'outboard-examples-'));
  if (!skip) await buildExamples(examples, built);
});
after(() => rm(built, { recursive: true }));

describe('the examples of every kind, as plugins of Outboard', { skip }, () => {
  let host: DockerHost;

  before(async () => {
    host = await openDockerHost({ plugins: {} });
    for (const name of examples) await outboard('create', `acme/${name}`, join(built, name));
    const settings = join(host.home, 'settings');
    await mkdir(join(settings, 'web'), { recursive: true });
    const rules = [
      {
        deny: 'no privileged containers',
        path: '/containers/create',
        field: { path: ['HostConfig', 'Privileged'], equals: true },
      },
      { deny: 'volumes stay', methods: ['DELETE'], path: '/volumes/*' },
      { allow: true },
    ];
    await writeFile(join(settings, 'rules.json'), JSON.stringify({ rules }));
    await writeFile(join(settings, 'key'), 'common');
    await writeFile(join(settings, 'web', 'key'), 'of web');
    await outboard('set', 'acme/authorization-rules', `rules.source=${settings}`, 'DEBUG=1');
    await outboard('set', 'acme/secrets-directory', `secrets.source=${settings}`);
    await outboard('set', 'acme/metrics-textfile', 'INTERVAL=1', 'ONLY=^outboard_plugin');
    await outboard('set', 'acme/network-bridge', 'POOLS=198.18.0.0/23');
    for (const name of examples) await outboard('enable', `acme/${name}`);
  });
  after(async () => {
    // Left by a failed test only; bridges are on the host.
    await host.engine.docker.run(['network', 'rm', 'one', 'two']);
    for (const name of examples) await host.api.remove(`acme/${name}`, { force: true });
    await host[Symbol.asyncDispose]();
  });

  const docker = (...args: readonly string[]) => host.engine.docker.succeed(...args);
  const outboard = async (...args: readonly string[]) =>
    (await promisify(execFile)(program, ['-H', `unix://${host.daemon.socket}`, ...args])).stdout;
  const idOf = async (name: Example) =>
    (await outboard('inspect', '--format', '{{.ID}}', `acme/${name}`)).trim();
  const propagatedMountOf = async (name: Example) => {
    return join(host.daemon.dataRoot, 'plugins', await idOf(name), 'propagated-mount');
  };
  /** Kill the process of a plugin. Calls wait until it is back. */
  const kill = async (name: Example) => {
    process.kill(pidOfPlugin(host.daemon.execRoot, await idOf(name)), 'SIGKILL');
  };

  it('log-json-lines keeps the output of a container, gives it back, and goes on after it was killed', async () => {
    const run = ['run', '--log-driver', 'log-json-lines', '--network=none', '--name', 'talker', '--detach'];
    const talk = 'echo one; echo two >&2; mkfifo /go; read l < /go; echo three; read l < /go; echo four';
    const id = (await docker(...run, busyboxImage, 'sh', '-c', talk)).trim();
    const go = () => docker('exec', 'talker', 'sh', '-c', 'echo > /go');
    const hasLines = (count: number) => async () => {
      const { stdout, stderr } = await host.engine.docker.run(['logs', 'talker']);
      return `${stdout}${stderr}`.split('\n').length > count;
    };
    assert.ok(await pollUntil(hasLines(2), { timeoutMs: 30_000 }));
    const followed = host.engine.docker.run(['logs', '--follow', '--tail', '1', 'talker']);
    await go();
    assert.ok(await pollUntil(hasLines(3), { timeoutMs: 30_000 }));
    await kill('log-json-lines');
    // The container ends at once, and may end this command with it.
    await host.engine.docker.run(['exec', 'talker', 'sh', '-c', 'echo > /go']);
    await docker('wait', 'talker');
    assert.equal(await docker('logs', 'talker'), 'one\nthree\nfour\n');
    assert.match((await followed).stdout, /three\n/);
    const file = join(await propagatedMountOf('log-json-lines'), `${id}.jsonl`);
    const entries = (await readFile(file, 'utf8')).trim().split('\n');
    // Nothing orders the two sources of a container.
    assert.deepEqual(
      entries
        .map((line) => JSON.parse(line))
        .map(({ source, line }) => `${source} ${line}`)
        .toSorted(),
      ['stderr two', 'stdout four', 'stdout one', 'stdout three'],
    );
    await docker('rm', 'talker');
    const refused = await host.engine.docker.run([...run, '--log-opt', 'size=1', busyboxImage, 'true']);
    assert.match(refused.stderr, /unknown log option "size": the only one is "max-size"/);
    await docker('rm', 'talker');
  });

  it('network-bridge connects containers, with addresses of its own pools', async () => {
    const drivers = ['--driver', 'network-bridge', '--ipam-driver', 'network-bridge'];
    await docker('network', 'create', ...drivers, 'one');
    await docker('network', 'create', ...drivers, '--subnet', '198.18.2.0/29', '--internal', 'two');
    const inspect = async (name: string) => JSON.parse(await docker('network', 'inspect', name))[0];
    const [one, two] = [await inspect('one'), await inspect('two')];
    assert.deepEqual(one.IPAM.Config, [{ Subnet: '198.18.0.0/24', Gateway: '198.18.0.1' }]);
    const run = ['run', '--log-driver', 'none', '--network', 'one'];
    await docker(...run, '--detach', '--name', 'server', busyboxImage, 'sleep', '300');
    const look = 'ip -4 address show eth0; ip route; ping -c 1 198.18.0.2; ping -c 1 198.18.0.1';
    const seen = await docker(...run, '--rm', busyboxImage, 'sh', '-c', look);
    assert.match(seen, /inet 198\.18\.0\.3\/24/);
    assert.match(seen, /default via 198\.18\.0\.1 dev eth0/);
    assert.equal(seen.match(/1 packets received/g)?.length, 2);
    const within = ['run', '--rm', '--log-driver', 'none', '--network', 'two', '--ip', '198.18.2.5'];
    const inside = await docker(...within, busyboxImage, 'sh', '-c', 'ip -4 address show eth0; ip route');
    assert.match(inside, /inet 198\.18\.2\.5\/29/);
    assert.doesNotMatch(inside, /default/);
    // Networks, endpoints and addresses are those of before.
    await kill('network-bridge');
    const again = await docker(...run, '--rm', busyboxImage, 'sh', '-c', look);
    assert.equal(again.match(/1 packets received/g)?.length, 2);
    await docker('rm', '--force', 'server');
    // As after a reboot of the host: the engine does not create its networks again.
    const bridgeOf = ({ Id }: { Id: string }) => `/sys/class/net/nbr-${Id.slice(0, 11)}`;
    await promisify(execFile)('ip', ['link', 'delete', 'dev', basename(bridgeOf(one))]);
    await kill('network-bridge');
    const restored = await docker(...run, '--rm', busyboxImage, 'ping', '-c', '1', '198.18.0.1');
    assert.match(restored, /1 packets received/);
    await docker('network', 'rm', 'one', 'two');
    for (const network of [one, two]) assert.ok(!existsSync(bridgeOf(network)), 'a bridge is left');
    const pools = await readFile(join(await propagatedMountOf('network-bridge'), 'pools.json'), 'utf8');
    assert.equal(pools, '[]');
  });

  it('metrics-textfile keeps the metrics of the engine in a file', async () => {
    const file = join(await propagatedMountOf('metrics-textfile'), 'engine.prom');
    assert.ok(await pollUntil(async () => existsSync(file), { timeoutMs: 30_000 }));
    const text = await readFile(file, 'utf8');
    assert.match(text, /^# TYPE outboard_plugin/m);
    assert.doesNotMatch(text, /process_|outboard_build/);
    await outboard('disable', 'acme/metrics-textfile');
    assert.ok(!existsSync(file), 'the figures of a collector that stopped are left');
  });

  it('secrets-directory gives each service its secrets', async () => {
    const socketPath = join(host.home, 'gateway', 'secrets-directory.sock');
    await using client = createPluginClient({ socketPath, timeoutMs: 30_000 });
    const provider = createSecretProvider(client);
    const secretOf = async (serviceName: string) => {
      const { value, doNotReuse } = await provider.getSecret({ secretName: 'key', serviceName });
      return [Buffer.from(value).toString(), doNotReuse];
    };
    assert.deepEqual(await secretOf('web'), ['of web', true]);
    assert.deepEqual(await secretOf('other'), ['common', false]);
    for (const secretName of ['../rules.json', 'none', 'web'])
      await assert.rejects(provider.getSecret({ secretName }), /does not exist/);
  });

  it('authorization-rules decides on requests to the engine', async () => {
    await host.engine.restart(['--authorization-plugin', 'authorization-rules']);
    const create = (hostConfig: string) =>
      callApi(host.engine.socket, 'POST', '/containers/create?name=created', {
        headers: { 'content-type': 'application/json' },
        body: `{"Image":"${busyboxImage}","Cmd":["true"],${hostConfig}}`,
      });
    for (const hostConfig of ['"HostConfig":{"Privileged":true}', '"hostconfig":{"PRIVILEGED":true}']) {
      const denied = await create(hostConfig);
      assert.equal(denied.status, 403);
      assert.match(denied.text, /denied by plugin authorization-rules: no privileged containers/);
    }
    const hidden = await create('"HostConfig":{"Privileged":true},"HostConfig":{}');
    assert.ok(hidden.status >= 400, 'a second object hides the first one');
    assert.match(hidden.text, /has two fields/);
    const allowed = await create('"HostConfig":{}');
    assert.equal(allowed.status, 201, allowed.text);
    assert.match(await host.engine.docker.fail('volume', 'rm', 'v'), /volumes stay/);
    await docker('rm', 'created');
    assert.match(
      await outboard('logs', 'acme/authorization-rules'),
      /denied DELETE \/volumes\/v: volumes stay/,
    );
  });
});

describe('examples as plugins of Docker Engine itself', { skip }, () => {
  let engine: DockerEngine;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  const own = ['metrics-textfile', 'secrets-directory'] as const;

  before(async () => {
    home = await makeDaemonHome();
    engine = await startDockerEngine({ daemonHome: home.home, hasOwnNetwork: true });
    for (const name of own) await docker('plugin', 'create', `own/${name}`, join(built, name));
    const settings = join(home.home, 'settings');
    await mkdir(settings);
    await writeFile(join(settings, 'key'), 'known to few');
    await docker('plugin', 'set', 'own/metrics-textfile', 'INTERVAL=1', 'ONLY=^engine_daemon_engine_info');
    await docker('plugin', 'set', 'own/secrets-directory', `secrets.source=${settings}`);
    for (const name of own) await docker('plugin', 'enable', `own/${name}`);
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await home.remove();
  });

  const docker = (...args: readonly string[]) => engine.docker.succeed(...args);
  const propagatedMountOf = async (name: string) => {
    const id = (await docker('plugin', 'inspect', '--format', '{{.ID}}', `own/${name}`)).trim();
    return join(home.home, 'dockerd', 'data', 'plugins', id, 'propagated-mount');
  };

  it('metrics-textfile keeps the metrics of Docker Engine', async () => {
    const file = join(await propagatedMountOf('metrics-textfile'), 'engine.prom');
    assert.ok(await pollUntil(async () => existsSync(file), { timeoutMs: 30_000 }));
    assert.match(await readFile(file, 'utf8'), /^engine_daemon_engine_info\{.*version="20\.10/m);
  });

  it('a service gets a secret of secrets-directory', async () => {
    await docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:2377');
    await docker('secret', 'create', '--driver', 'own/secrets-directory', 'key');
    const flags = ['--detach', '--no-resolve-image', '--restart-condition', 'none', '--network', 'host'];
    const command = ['grep', '-qx', 'known to few', '/run/secrets/key'];
    await docker('service', 'create', ...flags, '--name', 'web', '--secret', 'key', busyboxImage, ...command);
    const state = () => docker('service', 'ps', '--format', '{{.CurrentState}} {{.Error}}', 'web');
    const hasEnded = async () => /^(Complete|Failed|Rejected)/.test(await state());
    await pollUntil(hasEnded, { timeoutMs: 60_000 });
    assert.match(await state(), /^Complete/, engine.log());
    await docker('swarm', 'leave', '--force');
  });
});
