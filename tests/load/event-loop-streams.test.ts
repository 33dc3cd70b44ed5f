/**
 * The event loop of a daemon with 1,000 plugins is not held by what its clients read and write at length: metrics, events,
 * logs, commands, and documents of the largest permitted size.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { mapBounded } from '@outboard/async';
import { callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { copyName, copyPlugin } from '../support/large-data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin, perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { pluginConfigDocument } from '../support/plugin-fixture.ts';
import { putBlob, putManifest } from '../support/raw-registry.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { checkTurns, runStep, type Step } from '../support/turn-checks.ts';
import { startWatchedDaemon, type WatchedDaemon } from '../support/watched-daemon.ts';

const listeners = 64;
const writer = 'acme/writer:latest';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

describe('a daemon with 1,000 plugins', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let daemon: WatchedDaemon;
  let registry: TestRegistry;
  let metrics: string;

  before(async () => {
    [home, registry] = await Promise.all([makeDaemonHome(), startRegistry()]);
    const empty = await startDaemon({ home: home.home });
    await runStep(empty, {
      method: 'POST',
      path: '/plugins/create?name=acme/p',
      body: perlPluginArchive(),
      status: 204,
    });
    await empty.end('SIGTERM');
    copyPlugin(empty.dataRoot, 999);
    metrics = `127.0.0.1:${await freePort()}`;
    daemon = await startWatchedDaemon({ home: home.home, args: ['--metrics-addr', metrics] });
  });
  after(async () => {
    if (daemon !== undefined) await callApi(daemon.socket, 'DELETE', `/plugins/${writer}?force=1`);
    await home.remove();
    await registry.stop();
  });

  const run = (step: Step) => runStep(daemon, step);
  const test = (name: string, work: (attempt: number) => Promise<void>): void => {
    it(`${name}: no turn of the event loop is long`, () => checkTurns(() => daemon, name, work));
  };

  test('metrics', async () => {
    const answer = await fetch(`http://${metrics}/metrics`);
    assert.match(await answer.text(), /outboard_plugin_enabled\{plugin="acme\/copy-998:latest"\} 0/);
  });

  test(`${listeners} clients of the events of 100 removals`, async (attempt) => {
    const names = JSON.stringify({ plugin: [...numbers(250).map((number) => `x${number}`), 'acme'] });
    const labels = JSON.stringify({ label: numbers(250).map(() => 'name') });
    const filters = [names, labels].map((text) => `&filters=${encodeURIComponent(text)}`);
    const clients = numbers(listeners).map((number) => listenToEvents(daemon, filters[number % 4] ?? ''));
    await Promise.all(clients.map(({ opened }) => opened));
    const removed = numbers(100).map((number) => copyName(100 * attempt + number));
    await mapBounded(removed, (name) => run({ method: 'DELETE', path: `/plugins/${name}` }));
    await Promise.all(clients.map(({ until }) => until(removed.at(-1) ?? '')));
    await run({ method: 'GET', path: `/events?since=1&until=${Math.floor(Date.now() / 1000)}${filters[0]}` });
    for (const { close } of clients) close();
  });

  test('logs of many short lines', async (attempt) => {
    if (attempt === 1) {
      const plain = perlPlugin();
      const program = plain.files?.['/plugin.pl']?.replace(
        'my $server',
        'print "x\\n" x 1000 for 1 .. 150;\nmy $server',
      );
      const body = pluginArchive({ ...plain, files: { ...plain.files, '/plugin.pl': program ?? '' } });
      await run({ method: 'POST', path: `/plugins/create?name=${writer}`, body, status: 204 });
      await run({ method: 'POST', path: `/plugins/${writer}/enable?timeout=60` });
    }
    for (const query of ['timestamps=1', 'tail=100000', 'since=99999999999', 'tail=5']) {
      const path = `/outboard/v1/plugins/${writer}/logs?stdout=1&stderr=1&${query}`;
      await run({ method: 'GET', path });
    }
  });

  test('commands with much output, much input and many small frames', async () => {
    await execute(daemon, { Cmd: ['/bin/sh', '-c', 'head -c 33554432 /dev/zero'] }, []);
    const large = frame(0, Buffer.alloc(262_144));
    await execute(daemon, { Cmd: ['/bin/sh', '-c', 'wc -c'], AttachStdin: true }, [
      ...numbers(64).map(() => large),
    ]);
    const resizes = Buffer.concat(
      numbers(20_000).map(() => frame(5, Buffer.from('{"Height":24,"Width":80}'))),
    );
    const sleeping = { Cmd: ['/bin/sh', '-c', 'read line'], AttachStdin: true, Tty: true };
    await execute(daemon, sleeping, [resizes, frame(0, Buffer.from('x\n'))]);
  });

  describe('and documents of the largest permitted size', () => {
    before(() => pushDocuments(registry.host));

    for (const tag of ['many-annotations', 'escaped-annotations', 'many-layers', 'index', 'config']) {
      test(`privileges of ${tag}`, async () => {
        await run({ method: 'GET', path: `/plugins/privileges?remote=${registry.host}/acme/large:${tag}` });
      });
    }
    test('create, list, inspect, set and remove', async (attempt) => {
      const name = `acme/large-${attempt}`;
      const body = pluginArchive({ config: largeConfig });
      await run({ method: 'POST', path: `/plugins/create?name=${name}`, body, status: 204 });
      await run({ method: 'GET', path: '/plugins' });
      await run({ method: 'GET', path: `/plugins/${name}/json` });
      const settings = numbers(4_000).map((number) => `E${number % 600}=${'w'.repeat(200)}`);
      await run({ method: 'POST', path: `/plugins/${name}/set`, body: settings, status: 204 });
      await run({ method: 'DELETE', path: `/plugins/${name}` });
    });
  });
});

/** A config with 1,200 entries; each mount is shared, and compared with all others. */
const largeConfig = pluginConfigDocument({
  Env: numbers(600).map((number) => ({
    Name: `E${number}`,
    Description: 'd'.repeat(100),
    Value: 'v'.repeat(100),
    Settable: ['value'],
  })),
  Mounts: numbers(600).map((number) => ({
    Name: `m${number}`,
    Description: '',
    Source: `/usr/share/m${number}`,
    Destination: `/mnt/m${number}`,
    Type: 'bind',
    Options: ['rshared'],
    Settable: null,
  })),
});

/** Bring manifests of up to 4 MiB, an index, and the config to a registry. */
async function pushDocuments(host: string): Promise<void> {
  const repository = 'acme/large';
  const put = async (bytes: Buffer) => ({
    digest: await putBlob(host, repository, bytes),
    size: bytes.length,
  });
  const layer = { mediaType: layerType, ...(await put(Buffer.from('any layer'))) };
  const config = {
    mediaType: 'application/vnd.docker.plugin.v1+json',
    ...(await put(json(pluginConfigDocument()))),
  };
  const push = async (tag: string, changes: object): Promise<object> => {
    const head = { schemaVersion: 2, mediaType: manifestType };
    const bytes = json({ ...head, config, layers: [layer], ...changes });
    const digest = await putManifest(host, repository, tag, { mediaType: manifestType, bytes });
    return { mediaType: manifestType, digest, size: bytes.length };
  };
  await push('many-annotations', { annotations: textMap(4_000, 'x'.repeat(1_000)) });
  await push('escaped-annotations', { annotations: textMap(2, '"'.repeat(500_000)) });
  const layers = numbers(128).map(() => ({ ...layer, annotations: textMap(110, 'x'.repeat(200)) }));
  await push('many-layers', { layers });
  await push('config', { config: { ...config, ...(await put(json(largeConfig))) } });
  const plain = await push('plain', {});
  const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
  const annotations = textMap(6, 'x'.repeat(450));
  const manifests = numbers(1_024).map(() => ({ ...plain, platform, annotations }));
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const bytes = json({ schemaVersion: 2, mediaType, manifests });
  await putManifest(host, repository, 'index', { mediaType, bytes });
}

function json(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function textMap(count: number, text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(numbers(count).map((number) => [`key-${number}`, text]));
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : assert.fail('no port');
}

/** A client that reads events. */
interface EventsClient {
  readonly opened: Promise<void>;
  /** Wait until it has received a text. */
  until(text: string): Promise<void>;
  close(): void;
}

function listenToEvents({ socket }: WatchedDaemon, filters: string): EventsClient {
  let received = '';
  const call: ClientRequest = request({
    socketPath: socket,
    path: `/events?since=1${filters}`,
    agent: false,
  });
  const response = once(call, 'response').then(([answer]) => {
    answer.on('data', (chunk: Buffer) => {
      received += chunk;
    });
    answer.on('error', () => undefined);
    return answer;
  });
  call.on('error', () => undefined);
  call.end();
  return {
    opened: response.then(() => undefined),
    async until(text) {
      const answer = await response;
      while (!received.includes(text)) await once(answer, 'data');
    },
    close: () => call.destroy(),
  };
}

/** Run a command in the plugin, and wait for its end. @param input frames */
async function execute({ socket }: WatchedDaemon, command: object, input: readonly Buffer[]): Promise<void> {
  const body = JSON.stringify(command);
  const headers = { 'Content-Type': 'application/json', Connection: 'Upgrade', Upgrade: 'tcp' };
  const path = `/outboard/v1/plugins/${writer}/exec`;
  const call = request({ socketPath: socket, method: 'POST', path, headers, agent: false });
  call.end(body);
  const [, connection]: [unknown, Duplex] = (await once(call, 'upgrade')) as [unknown, Duplex];
  let last = Buffer.alloc(0);
  connection.on('data', (chunk: Buffer) => {
    last = Buffer.concat([last, chunk]).subarray(-64);
  });
  connection.on('error', () => undefined);
  const closed = once(connection, 'close');
  for (const bytes of input) connection.write(bytes);
  connection.write(frame(0, Buffer.alloc(0))); // the end of input
  await closed;
  assert.match(last.toString('latin1'), /"ExitCode":0/);
}

function frame(kind: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head[0] = kind;
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}
