/** The programs in the documentation: each is a file here, which is type-checked, and runs as the page shows it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { openPluginEngine } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry } from '../support/registry.ts';
import { volumePlugin } from '../support/volume-plugin.ts';
import { pages, repository } from './pages.ts';

/**
 * Pages with programs, and the files that hold them. Those of plugin-protocols.md run with the plugin of every protocol,
 * those of the other packages' READMEs in `package-examples.test.ts`.
 */
const programs = {
  'README.md': ['readme'],
  'docs/volumes.md': ['volumes'],
  'packages/sdk/README.md': [
    'sdk-volume',
    'sdk-authorization',
    'sdk-network',
    'sdk-ipam',
    'sdk-log',
    'sdk-metrics',
    'sdk-secret',
    'sdk-several',
  ],
} as const;
const isElsewhere = (page: string) =>
  page === 'docs/plugin-protocols.md' || (page.startsWith('packages/') && !Object.hasOwn(programs, page));

const source = (name: string) => readFileSync(new URL(`programs/${name}.ts`, import.meta.url), 'utf8');

/** Run JavaScript as Node.js itself reads it, without a transform of newer syntax. */
async function runProgram(code: string, ...prefix: readonly string[]): Promise<string> {
  const node = [process.execPath, '--import=tsx', '--input-type=module'];
  const [file = '', ...args] = [...prefix, ...node, '--eval', code];
  return (await promisify(execFile)(file, args, { cwd: join(repository, 'tests') })).stdout;
}

async function openHome(context: TestContext) {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const roots = { dataRoot: join(home, 'data'), execRoot: join(home, 'run') };
  const there = (code: string) =>
    code.replaceAll('/var/lib/outboard', roots.dataRoot).replaceAll('/run/outboard', roots.execRoot);
  return { roots, there };
}

test('every program on a page equals a tested one, word for word', () => {
  const languages = ['ts', 'js', 'javascript', 'typescript', 'mjs'];
  const blocks = pages.flatMap((page) => page.blocks.filter(({ language }) => languages.includes(language)));
  const shown = blocks.filter(({ page }) => !isElsewhere(page));
  assert.deepEqual(
    shown.map(({ page, text }) => [page, text]).toSorted(),
    Object.entries(programs)
      .flatMap(([page, names]) => names.map((name) => [page, source(name)]))
      .toSorted(),
  );
  const indented = pages.flatMap((page) => page.blocks.filter(({ language }) => language === ''));
  assert.deepEqual(
    indented.filter(({ text }) => /^(import|const|await) /m.test(text)).map(({ page }) => page),
    [],
    'a program belongs into a fence, where its language is said',
  );
});

describe('the programs in the documentation', { skip: needsRoot }, () => {
  test('README: the program installs a plugin and leaves it running', async (context) => {
    const registry = await startRegistry();
    context.after(() => registry.stop());
    const { roots, there } = await openHome(context);
    const remote = `${registry.host}/acme/rclone:v1`;
    const env = [{ Name: 'RCLONE_VERBOSE', Description: '', Value: '0', Settable: ['value'] }];
    const author = await openPluginEngine(roots);
    await author.create({ name: remote, context: Readable.from([pluginArchive({ config: { Env: env } })]) });
    await author.push({ plugin: remote });
    await author.remove(remote);
    await author.close();

    await runProgram(there(source('readme')).replaceAll('rclone/docker-volume-rclone', remote));
    const engine = await openPluginEngine(roots);
    try {
      assert.deepEqual(engine.inspect(remote).settings.env, ['RCLONE_VERBOSE=1']);
      assert.equal(engine.state(remote).status, 'running');
    } finally {
      await engine.remove(remote, { force: true });
      await engine.close();
    }
  });

  test('docs/volumes.md: the program creates a volume and gets its path', async (context) => {
    const { roots, there } = await openHome(context);
    const author = await openPluginEngine(roots);
    await author.create({ name: 'acme/local', context: Readable.from([pluginArchive(volumePlugin)]) });
    await author.enable('acme/local');
    await author.close();
    try {
      const path = (await runProgram(there(source('volumes')))).trim();
      assert.match(path, new RegExp(`^${roots.dataRoot}/plugins/[0-9a-f]{64}/propagated-mount/data$`));
    } finally {
      const engine = await openPluginEngine(roots);
      await engine.remove('acme/local', { force: true });
      await engine.close();
    }
  });

  test('packages/sdk/README.md: each plugin serves on its socket', async () => {
    const ids = { NetworkID: 'n', EndpointID: 'e' };
    const body = Buffer.from('{"HostConfig":{"Privileged":true}}').toString('base64');
    const secret = { SecretName: 'key', ServiceName: 'web' };
    const calls = [
      ['acme', 'Plugin.Activate', {}, '{"Implements":["VolumeDriver"]}'],
      ['acme', 'VolumeDriver.Create', { Name: 'a/../b' }, '{}'],
      ['acme', 'VolumeDriver.List', {}, '{"Volumes":[{"Name":"a/../b"}]}'],
      [
        'policy',
        'AuthZPlugin.AuthZReq',
        { RequestMethod: 'GET', RequestUri: '/v1.41/info' },
        '{"Allow":true}',
      ],
      [
        'policy',
        'AuthZPlugin.AuthZReq',
        { RequestMethod: 'POST', RequestUri: '/v1.41/containers/create', RequestBody: body },
        '{"Allow":false,"Msg":"no privileged containers"}',
      ],
      [
        'on-bridge',
        'NetworkDriver.CreateNetwork',
        ids,
        '{"Err":"give the bridge of the host with -o bridge=NAME"}',
      ],
      [
        'on-bridge',
        'NetworkDriver.CreateNetwork',
        {
          ...ids,
          Options: { 'com.docker.network.generic': { bridge: 'br0' } },
          IPv4Data: [{ Gateway: '10.1.0.1/24' }],
        },
        '{}',
      ],
      ['on-bridge', 'NetworkDriver.CreateEndpoint', ids, '{}'],
      [
        'on-bridge',
        'NetworkDriver.Join',
        { ...ids, SandboxKey: '/n' },
        '{"InterfaceName":{"SrcName":"myc-e","DstPrefix":"eth"},"Gateway":"10.1.0.1","GatewayIPv6":"","StaticRoutes":[],"DisableGatewayService":false}',
      ],
      ['on-bridge', 'NetworkDriver.Leave', ids, '{}'],
      [
        'addresses',
        'IpamDriver.RequestPool',
        { AddressSpace: 'addresses-local' },
        '{"PoolID":"pool","Pool":"10.99.0.0/24","Data":{"com.docker.network.gateway":"10.99.0.1/24"}}',
      ],
      ['addresses', 'IpamDriver.RequestAddress', { PoolID: 'pool' }, '{"Address":"10.99.0.2/24","Data":{}}'],
      ['addresses', 'IpamDriver.RequestAddress', { PoolID: 'pool' }, '{"Address":"10.99.0.3/24","Data":{}}'],
      ['lines', 'LogDriver.StartLogging', { File: '/run/fifo', Info: { ContainerID: 'c' } }, '{}'],
      ['lines', 'LogDriver.StopLogging', { File: '/run/fifo' }, '{}'],
      ['states', 'MetricsCollector.StartMetrics', {}, '{}'],
      ['states', 'MetricsCollector.StopMetrics', {}, '{}'],
      ['keys', 'SecretProvider.GetSecret', secret, '{"Value":"b3Blbg==","DoNotReuse":false}'],
      ['both', 'Plugin.Activate', {}, '{"Implements":["authz","secretprovider"]}'],
      ['both', 'SecretProvider.GetSecret', secret, '{"Value":"MCB1c2VycyBiZWZvcmUga2V5","DoNotReuse":false}'],
    ] as const;
    const ask = `
      import { request } from 'node:http';
      import { text } from 'node:stream/consumers';
      for (const name of ${JSON.stringify(programs['packages/sdk/README.md'])})
        await import('./documents/programs/' + name + '.ts');
      for (const [socket, method, body] of ${JSON.stringify(calls)}) {
        const socketPath = '/run/docker/plugins/' + socket + '.sock';
        const answer = await new Promise((resolve) =>
          request({ socketPath, method: 'POST', path: '/' + method }, resolve).end(JSON.stringify(body)),
        );
        process.stdout.write((await text(answer)).trim() + '\\n');
      }
      process.kill(process.pid, 'SIGTERM');
    `;
    const ownDirectories = [
      'for at in /run /mnt /etc; do mount -t tmpfs none $at; done',
      'mkdir /mnt/volumes /mnt/logs /mnt/state /etc/keys',
      'printf open > /etc/keys/key',
      'mkfifo /run/fifo',
      'ip link add br0 type bridge',
      'exec "$@"',
    ];
    const isolated = ['unshare', '--mount', '--net', '--propagation', 'private'];
    const output = await runProgram(ask, ...isolated, 'sh', '-ec', ownDirectories.join('\n'), 'sh');
    const printed = output.split('\n').filter((line) => line.startsWith('{'));
    assert.deepEqual(
      printed,
      calls.map(([, , , answer]) => answer),
    );
    assert.match(output, /'docker\.authz\/1\.0', 'docker\.secretprovider\/1\.0'/);
  });
});
