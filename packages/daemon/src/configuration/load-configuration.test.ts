import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { defaultSecretPatterns } from '@outboard/engine';
import { loadConfiguration } from './load-configuration.ts';
import { parseFlags } from './parse-flags.ts';

async function writeConfigurationFile(context: TestContext, text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-configuration-'));
  context.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'daemon.json');
  await writeFile(path, text);
  return path;
}

test('loadConfiguration() has defaults for everything', async (context) => {
  assert.deepEqual(await loadConfiguration({}, await writeConfigurationFile(context, '{}')), {
    'data-root': '/var/lib/outboard',
    'exec-root': '/run/outboard',
    hosts: ['unix:///run/outboard/outboard.sock'],
    group: undefined,
    'insecure-tcp': false,
    tls: false,
    tlsverify: false,
    tlscacert: '/etc/outboard/tls/ca.pem',
    tlscert: '/etc/outboard/tls/cert.pem',
    tlskey: '/etc/outboard/tls/key.pem',
    tlscrl: '',
    'insecure-registries': [],
    'registry-mirrors': [],
    'registries-dir': '/etc/outboard/registries.d',
    'registries-conf': '/etc/containers/registries.conf',
    'certs-dirs': ['/etc/outboard/certs.d', '/etc/docker/certs.d', '/etc/containers/certs.d'],
    'http-proxy': undefined,
    'https-proxy': undefined,
    'no-proxy': undefined,
    'token-servers': [],
    'registry-timeout': 60,
    'signature-policy': '/etc/outboard/policy.json',
    'lookaside-dir': '/etc/containers/registries.d',
    'max-concurrent-downloads': 3,
    'max-concurrent-uploads': 5,
    'max-plugin-size': 10 * 1024 ** 3,
    'free-space-reserve': undefined,
    'download-retention': 86_400,
    'max-connections': 4096,
    'max-tcp-connections': 512,
    'max-body-memory': 64 * 1024 ** 2,
    'request-timeout': 60,
    'authorization-plugins': [],
    'secret-settings': defaultSecretPatterns,
    'gateway-dir': '/run/docker/plugins',
    'gateway-mode': '0660',
    'gateway-group': undefined,
    'gateway-log-dir': '/run/docker/logging',
    'metrics-addr': '',
    'bridge-name': 'outboard0',
    'bridge-subnet': '10.87.0.0/24',
    dns: [],
    'live-restore': true,
    'restart-delay': 1,
    'restart-max-delay': 60,
    runtime: 'runc',
    'cgroup-driver': undefined,
    'log-level': 'info',
    'log-format': undefined,
    'log-plugins': true,
  });
});

test('loadConfiguration() merges flags and file, and puts the default socket into the exec root', async (context) => {
  const file = await writeConfigurationFile(context, '{"exec-root":"/x","insecure-registries":["a:5000"]}');
  const configuration = await loadConfiguration(parseFlags(['--data-root', '/d']).configuration, file);
  assert.equal(configuration['data-root'], '/d');
  assert.deepEqual(configuration.hosts, ['unix:///x/outboard.sock']);
  assert.deepEqual(configuration['insecure-registries'], ['a:5000']);
});

test('loadConfiguration() refuses a setting in both flags and file, as dockerd does', async (context) => {
  const file = await writeConfigurationFile(context, '{"log-level":"warn"}');
  const flags = parseFlags(['--log-level', 'debug']).configuration;
  await assert.rejects(loadConfiguration(flags, file), {
    message:
      'the following directives are specified both as a flag and in the configuration file: ' +
      'log-level: (from flag: "debug", from file: "warn")',
  });
});

test('loadConfiguration() takes the proxies in the form of Docker too', async (context) => {
  const proxies = { 'https-proxy': 'http://proxy.lan:3128', 'no-proxy': '.lan' };
  const file = await writeConfigurationFile(context, JSON.stringify({ proxies }));
  const loaded = await loadConfiguration({}, file);
  assert.deepEqual([loaded['https-proxy'], loaded['no-proxy']], ['http://proxy.lan:3128', '.lan']);
});

test('parseFlags() takes a list after --no-proxy, and leaves it out without the flag', () => {
  const { configuration } = parseFlags(['--no-proxy', '.lan,10.0.0.0/8', '--https-proxy', 'proxy.lan:3128']);
  assert.deepEqual(configuration, { 'https-proxy': 'proxy.lan:3128', 'no-proxy': '.lan,10.0.0.0/8' });
  assert.deepEqual(parseFlags([]).configuration, {});
});

test('errors of a configuration never show the password of a proxy', async (context) => {
  const secret = '"http-proxy": "http://user:hunter2@proxy.lan"';
  const flags = parseFlags(['--http-proxy', 'user:hunter2@proxy.lan:1']).configuration;
  for (const text of [`{${secret}}`, `{${secret} oops}`]) {
    const file = await writeConfigurationFile(context, text);
    await assert.rejects(loadConfiguration(flags, file), (error: Error) => {
      assert.doesNotMatch(`${error.stack}${String(error.cause)}`, /hunter2/);
      assert.match(error.message, /from flag: "xxxxx:xxxxx@proxy.lan:1"|is not JSON: line 1: /);
      return true;
    });
  }
});

const refused: readonly [text: string, message: RegExp][] = [
  ['{"proxies":[]}', /"proxies": want an object; known are http-proxy, https-proxy, no-proxy/],
  ['{"proxies":{"ftp-proxy":""}}', /"proxies": unknown key "ftp-proxy"; known are http-proxy/],
  ['{"proxies":{"no-proxy":""},"no-proxy":""}', /"no-proxy" is set beside it too/],
  ['{"bogus":1}', /unknown key "bogus"; known are data-root, exec-root, hosts/],
  ['{"hosts":"x"}', /"hosts": /],
  ['{"hosts":[]}', /"hosts": /],
  ['{"data-root":"relative"}', /"data-root": expected an absolute path/],
  ['{"log-level":"loud"}', /"log-level": /],
  ['{"live-restore":"no"}', /"live-restore": /],
  ['{"restart-delay":0}', /"restart-delay": /],
  ['{"restart-max-delay":86401}', /"restart-max-delay": /],
  ['[]', /expected object/],
  ['{', /is not JSON/],
];
for (const [text, message] of refused) {
  test(`loadConfiguration() refuses the file ${text}`, async (context) => {
    await assert.rejects(loadConfiguration({}, await writeConfigurationFile(context, text)), {
      kind: 'invalid',
      message,
    });
  });
}

test('loadConfiguration() refuses a named file that is missing', async () => {
  await assert.rejects(loadConfiguration({}, '/nonexistent/daemon.json'), /ENOENT/);
});

test('log-plugins is on unless a flag or the file turns it off', async (context) => {
  assert.equal(
    (await loadConfiguration({}, await writeConfigurationFile(context, '{}')))['log-plugins'],
    true,
  );
  assert.equal(
    (await loadConfiguration({}, await writeConfigurationFile(context, '{"log-plugins":false}')))[
      'log-plugins'
    ],
    false,
  );
  assert.deepEqual(parseFlags(['--no-log-plugins']).configuration, { 'log-plugins': false });
});

test('parseFlags() reads the bridge network settings', () => {
  const { configuration } = parseFlags([
    ...['--bridge-name', 'plugins0', '--bridge-subnet', '10.1.2.0/24'],
    ...['--dns', '10.1.2.1', '--dns', '10.9.9.9'],
  ]);
  assert.deepEqual(configuration, {
    'bridge-name': 'plugins0',
    'bridge-subnet': '10.1.2.0/24',
    dns: ['10.1.2.1', '10.9.9.9'],
  });
});

test('parseFlags() reads the restart settings, and has no live-restore unless a flag turns it off', () => {
  const { configuration } = parseFlags([
    ...['--no-live-restore', '--restart-delay', '0.5', '--restart-max-delay', '300'],
  ]);
  assert.deepEqual(configuration, {
    'live-restore': false,
    'restart-delay': 0.5,
    'restart-max-delay': 300,
  });
  assert.deepEqual(parseFlags([]).configuration, {});
});

for (const delay of ['0', '-1', 'x', '1e3', '86401', '']) {
  test(`parseFlags() refuses the restart delay "${delay}"`, (context) => {
    // Commander would write to standard error, into the test report.
    context.mock.method(process.stderr, 'write', () => true);
    assert.throws(() => parseFlags([`--restart-delay=${delay}`]), /it must be 0\.1 to 86400 seconds/);
  });
}

test('parseFlags() collects repeated flags', () => {
  const { configuration, configFile } = parseFlags([
    ...['--host', 'unix:///a', '--host', 'tcp://127.0.0.1:1', '--insecure-tcp'],
    ...['--insecure-registry', 'a', '--insecure-registry', 'b:1', '--runtime', 'crun', '--config', '/f'],
    ...['--authorization-plugin', 'b', '--authorization-plugin', 'a'],
  ]);
  assert.deepEqual(configuration, {
    hosts: ['unix:///a', 'tcp://127.0.0.1:1'],
    'insecure-tcp': true,
    'insecure-registries': ['a', 'b:1'],
    'authorization-plugins': ['b', 'a'],
    runtime: 'crun',
  });
  assert.equal(configFile, '/f');
});
