import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isOutboardError } from '@outboard/oci';
import { pino } from 'pino';
import type { LegacyDrivers } from '../legacy-drivers.ts';
import { createLegacyDiscovery } from './create-legacy-discovery.ts';
import { createLegacyDrivers } from './discovered-drivers.ts';

let home: string;
let execRoot: string;
let directories: { sockets: string; specs: string[] };
let drivers: LegacyDrivers;
let warnings: string[];
let servers: Server[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ob-legacy-'));
  execRoot = join(home, 'exec');
  directories = { sockets: join(home, 'run'), specs: [join(home, 'etc'), join(home, 'usr')] };
  for (const path of [execRoot, directories.sockets, ...directories.specs]) await mkdir(path);
  warnings = [];
  servers = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  const isGatewaySocket = (path: string) => path === join(home, 'run', 'gateway.sock');
  drivers = createLegacyDrivers(createLegacyDiscovery(execRoot, directories, isGatewaySocket), logger);
});
afterEach(async () => {
  await drivers[Symbol.asyncDispose]();
  for (const server of servers) await closeServer(server);
  await rm(home, { recursive: true, force: true });
});

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

interface ServedPlugin {
  readonly server: Server;
  readonly port: number;
  /** Paths of the requests so far. */
  readonly calls: readonly string[];
}

/** A legacy plugin in this process. @param answer undefined: it never answers */
async function serve(listen: string | number, implemented: unknown, answer = true): Promise<ServedPlugin> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    if (answer) response.end(JSON.stringify({ Implements: implemented, Volumes: [] }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    if (typeof listen === 'string') server.listen(listen, resolve);
    else server.listen(listen, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    server,
    calls,
    port: typeof address === 'string' ? 0 : ((address as AddressInfo | null)?.port ?? 0),
  };
}

/** @param path below the test's home */
const inHome = (path: string) => join(home, path);

test('find() calls a plugin by its socket, and asks once what it implements', async () => {
  const plugin = await serve(inHome('run/sshfs.sock'), ['VolumeDriver']);
  const found = await Promise.all([1, 2].map(() => drivers.find('sshfs', 'volumedriver')));
  for (const driver of found) {
    assert.equal(driver?.name, 'sshfs');
    assert.equal(driver?.pluginId, undefined);
    assert.equal(await driver?.toHostPath('/mnt/../v'), '/mnt/../v');
    await driver?.client.call('VolumeDriver.List', {});
  }
  assert.deepEqual(plugin.calls, ['/Plugin.Activate', '/VolumeDriver.List', '/VolumeDriver.List']);
});

for (const [where, path] of [
  ['in the directory', 'run/p.sock'],
  ['in a subdirectory of its name', 'run/p/p.sock'],
] as const) {
  test(`find() finds a socket ${where}`, async () => {
    await mkdir(inHome('run/p'));
    await serve(inHome(path), ['VolumeDriver']);
    assert.equal((await drivers.find('p', 'volumedriver'))?.name, 'p');
  });
}

for (const [scheme, address] of [
  ['unix', () => `unix://${inHome('away.sock')}`],
  ['tcp', (port: number) => `tcp://127.0.0.1:${port}`],
  ['http', (port: number) => `http://127.0.0.1:${port}/a/path/that/is/dropped`],
] as const) {
  for (const file of ['etc/p.spec', 'usr/p.spec', 'etc/p/p.spec']) {
    test(`find() reads a ${scheme} address from ${file}`, async () => {
      const plugin = await serve(scheme === 'unix' ? inHome('away.sock') : 0, ['VolumeDriver']);
      await mkdir(inHome('etc/p'));
      await writeFile(inHome(file), `\n  ${address(plugin.port)} \n`);
      const driver = await drivers.find('p', 'volumedriver');
      await driver?.client.call('VolumeDriver.List', {});
      assert.deepEqual(plugin.calls, ['/Plugin.Activate', '/VolumeDriver.List']);
    });
  }
}

test('find() reads the address of a .json file in any letter case, and ignores the name in it', async () => {
  const { port } = await serve(0, ['VolumeDriver']);
  const tls = { InsecureSkipVerify: false, CAFile: '' };
  // As in Docker: only https is TLS.
  const document = { name: 'other', ADDR: `tcp://127.0.0.1:${port}`, tlsconfig: tls, more: 1 };
  await writeFile(inHome('etc/p.json'), JSON.stringify(document));
  assert.equal((await drivers.find('p', 'volumedriver'))?.name, 'p');
  assert.equal(await drivers.find('other', 'volumedriver'), undefined);
});

test('a socket wins over spec files, .spec over .json, the first directory over the second', async () => {
  const { port } = await serve(0, ['first']);
  const { port: wrong } = await serve(0, ['second']);
  const rightSpec = `tcp://127.0.0.1:${port}`;
  const wrongSpec = `tcp://127.0.0.1:${wrong}`;
  const implemented = async () => {
    const error = await drivers.find('p', 'volumedriver').catch((reason: Error) => reason);
    return error instanceof Error ? error.message.replace(/.* implements /, '') : error;
  };
  await writeFile(inHome('usr/p.json'), JSON.stringify({ Addr: wrongSpec }));
  assert.equal(await implemented(), 'second');
  await writeFile(inHome('usr/p.spec'), rightSpec);
  assert.equal(await implemented(), 'first');
  await writeFile(inHome('etc/p.json'), JSON.stringify({ Addr: wrongSpec }));
  assert.equal(await implemented(), 'second');
  await serve(inHome('run/p.sock'), ['socket']);
  assert.equal(await implemented(), 'socket');
});

for (const [title, spec, message] of [
  ['no URL', 'somewhere', /"somewhere" in ".*p\.spec" cannot be used: want a URL with a scheme/],
  ['an unknown scheme', 'npipe:////./pipe/p', /want unix, tcp, http or https/],
  ['a malformed escape', 'unix:///run/%zz', /want unix:\/\/\/ABSOLUTE\/PATH/],
  ['a NUL', 'unix:///run/%00', /want unix:\/\/\/ABSOLUTE\/PATH/],
  ['no host', 'tcp://', /want a host/],
  ['a relative socket', 'unix://run/p.sock', /want unix:\/\/\/ABSOLUTE\/PATH/],
  ['an endless file', `tcp://${'a'.repeat(70_000)}`, /is larger than 65536 bytes/],
] as const) {
  test(`find() refuses a .spec file with ${title}, and names the file`, async () => {
    await writeFile(inHome('etc/p.spec'), spec);
    await assert.rejects(
      drivers.find('p', 'volumedriver'),
      (error) => isOutboardError(error, 'invalid') && message.test(error.message),
    );
  });
}

for (const document of ['', '[]', '{"Addr":1}', '{}', '{"Addr":"tcp://a","addr":"tcp://b"}']) {
  test(`find() refuses the .json file ${document || '(empty)'}`, async () => {
    await writeFile(inHome('etc/p.json'), document);
    await assert.rejects(
      drivers.find('p', 'volumedriver'),
      (error) => isOutboardError(error, 'invalid') && error.message.includes('p.json'),
    );
  });
}

for (const name of ['../etc/p', 'a/b', '', '.', '..', '.hidden', 'p\0', 'acme/p:latest', 'x'.repeat(300)]) {
  test(`find() takes ${JSON.stringify(name.slice(0, 20))} for no name, whatever lies there`, async () => {
    await serve(inHome('run/p.sock'), ['VolumeDriver']);
    await writeFile(inHome('etc/.hidden.spec'), 'tcp://127.0.0.1:1');
    assert.equal(await drivers.find(name, 'volumedriver'), undefined);
  });
}

test('names of capabilities are case-sensitive', async () => {
  await serve(inHome('run/p.sock'), ['volumedriver', 'authz']);
  await assert.rejects(drivers.find('p', 'volumedriver'), {
    kind: 'invalid',
    message:
      'plugin does not provide "volumedriver" capability: legacy plugin p implements volumedriver, authz',
  });
  assert.equal((await drivers.find('p', 'authz'))?.name, 'p');
});

test('S24 a plugin whose socket is stale fails with that reason, and is found when it is served again', async () => {
  const path = inHome('run/p.sock');
  const { server } = await serve(path, ['VolumeDriver']);
  await rename(path, `${path}.moved`);
  await closeServer(server);
  await rename(`${path}.moved`, path); // a socket that no one listens on
  await assert.rejects(drivers.find('p', 'volumedriver'), {
    kind: 'unavailable',
    code: 'socket-refused',
    message: `legacy plugin: dial unix ${path}: connect: connection refused`,
  });
  await rm(path);
  await serve(path, ['VolumeDriver']);
  assert.equal((await drivers.find('p', 'volumedriver'))?.name, 'p');
});

test('S24 a plugin whose file was deleted is no longer found', async () => {
  await serve(inHome('run/p.sock'), ['VolumeDriver']);
  const driver = await drivers.find('p', 'volumedriver');
  await rm(inHome('run/p.sock'));
  assert.equal(await drivers.find('p', 'volumedriver'), undefined);
  await assert.rejects(async () => driver?.client.call('VolumeDriver.List', {}, { isTriedOnce: true }), {
    kind: 'unavailable',
  });
});

test('all() lists those that serve the capability and answer in time, and logs the others', async () => {
  const both = ['VolumeDriver', 'NetworkDriver'];
  await serve(inHome('run/b.sock'), both);
  await serve(inHome('run/a.sock'), ['VolumeDriver']);
  await serve(inHome('run/hidden.sock'), both);
  await serve(inHome('run/hangs.sock'), both, false);
  await serve(inHome('run/network.sock'), ['NetworkDriver']);
  await writeFile(inHome('etc/broken.spec'), 'nowhere');
  await writeFile(inHome('run/file.sock'), '');
  const found = await drivers.all('volumedriver', (name) => name === 'hidden');
  assert.deepEqual(
    found.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(warnings.map((line) => JSON.parse(line).plugin).sort(), ['broken', 'hangs']);
});

test('S24 all() is empty where the directories do not exist', async () => {
  await rm(home, { recursive: true });
  assert.deepEqual(await drivers.all('volumedriver', () => false), []);
  assert.deepEqual(warnings, []);
});

test('S24 find() and all() take no socket of the engine itself, also by a link or a spec file', async () => {
  const own = [join(execRoot, 'outboard.sock'), join(execRoot, 'plugins', 'a'.repeat(64), 'p.sock')];
  await mkdir(join(execRoot, 'plugins', 'a'.repeat(64)), { recursive: true });
  for (const [index, path] of own.entries()) {
    await serve(path, ['VolumeDriver']);
    await symlink(path, inHome(`run/link${index}.sock`));
    await writeFile(inHome(`etc/spec${index}.spec`), `unix://${path}`);
  }
  await serve(join(execRoot, 'plugins', 'legacy.sock'), ['VolumeDriver']);
  await symlink(join(execRoot, 'plugins', 'legacy.sock'), inHome('run/legacy.sock'));
  assert.deepEqual(
    (await drivers.all('volumedriver', () => false)).map(({ name }) => name),
    ['legacy'],
  );
  assert.equal(await drivers.find('link0', 'volumedriver'), undefined);
});

test('find() ends with the caller, and the handshake goes on for others', async () => {
  await serve(inHome('run/p.sock'), ['VolumeDriver'], false);
  const reason = new Error('the caller left');
  const scope = new AbortController();
  const found = drivers.find('p', 'volumedriver', { signal: scope.signal });
  scope.abort(reason);
  await assert.rejects(found, reason);
});

test('find() and all() pass over sockets of the gateway, also behind a link and in a spec file', async () => {
  const { calls } = await serve(inHome('run/gateway.sock'), ['VolumeDriver']);
  await symlink(inHome('run/gateway.sock'), inHome('run/link.sock'));
  await writeFile(inHome('etc/spec.spec'), `unix://${inHome('run/gateway.sock')}`);
  for (const name of ['gateway', 'link', 'spec']) {
    assert.equal(await drivers.find(name, 'volumedriver'), undefined, name);
  }
  assert.deepEqual(await drivers.all('volumedriver', () => false), []);
  assert.deepEqual(calls, []);
});
