/**
 * Legacy plugins, which no manager starts, looked up through the engine: over TLS, by Docker's rules of trust, and
 * beside managed plugins.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isOutboardError } from '@outboard/engine';
import { createAuthority } from '@outboard/oci/testing';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { openTestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
const authority = createAuthority('legacy plugins');
const names = { commonName: 'plugin', names: ['localhost', '127.0.0.1'] };

/** An engine that searches directories of the test for legacy plugins. */
async function openEngine(context: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'ob-legacy-'));
  context.after(() => rm(home, { recursive: true }));
  const directories = { sockets: join(home, 'run'), specs: [join(home, 'etc')] };
  for (const directory of [directories.sockets, ...directories.specs]) await mkdir(directory);
  const opened = await openTestEngine({ legacyDirectories: directories });
  context.after(() => opened[Symbol.asyncDispose]());
  const writeSpec = (name: string, content: string | object) =>
    writeFile(join(home, 'etc', name), typeof content === 'string' ? content : JSON.stringify(content));
  const writePem = async (name: string, pem: string) => {
    await writeFile(join(home, name), pem);
    return join(home, name);
  };
  return { home, engine: opened.engine, writeSpec, writePem };
}

/** A plugin with TLS. @returns its address */
async function serveTls(context: TestContext, options: ServerOptions = {}): Promise<string> {
  const { certificate, key } = authority.issue(names);
  const server = createServer({ cert: certificate, key, ...options }, (request, response) => {
    request.resume();
    response.end('{"Implements":["VolumeDriver"],"Volumes":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on TCP.
}

const isRefused = (error: unknown) =>
  isOutboardError(error, 'unavailable') && /^legacy plugin: dial tcp https:/.test(error.message);

test('a .spec file with https is not verified, a .json file is, by the authority that it names', {
  skip,
}, async (context) => {
  const { engine, writeSpec, writePem } = await openEngine(context);
  const Addr = await serveTls(context);
  const CAFile = await writePem('ca.pem', authority.certificate);
  const wrongFile = await writePem('other.pem', createAuthority('another').certificate);
  await writeSpec('spec.spec', Addr);
  await writeSpec('right.json', { Addr, TLSConfig: { CAFile } });
  await writeSpec('unverified.json', { Addr, TLSConfig: { InsecureSkipVerify: false } });
  await writeSpec('skipped.json', { Addr, TLSConfig: { CAFile: wrongFile, InsecureSkipVerify: true } });
  await writeSpec('wrong.json', { Addr, TLSConfig: { CAFile: wrongFile } });
  await writeSpec('system.json', { Addr });
  for (const name of ['spec', 'right', 'unverified', 'skipped']) {
    const { client } = await engine.drivers.find(name, 'volumedriver');
    await client.call('VolumeDriver.List', {});
  }
  for (const name of ['wrong', 'system']) {
    await assert.rejects(engine.drivers.find(name, 'volumedriver'), isRefused, name);
  }
  assert.deepEqual(
    (await engine.drivers.all('volumedriver')).map(({ name }) => name),
    ['right', 'skipped', 'spec', 'unverified'],
  );
});

test('a plugin must match the name in its address', { skip }, async (context) => {
  const { engine, writeSpec, writePem } = await openEngine(context);
  const CAFile = await writePem('ca.pem', authority.certificate);
  const other = authority.issue({ ...names, names: ['plugin.example.com'] });
  const Addr = await serveTls(context, { cert: other.certificate, key: other.key });
  await writeSpec('p.json', { Addr, TLSConfig: { CAFile } });
  await assert.rejects(engine.drivers.find('p', 'volumedriver'), isRefused);
});

test('a plugin gets the client certificate that its file names, also after a renewal', {
  skip,
}, async (context) => {
  const { engine, writeSpec, writePem } = await openEngine(context);
  const CAFile = await writePem('ca.pem', authority.certificate);
  const Addr = await serveTls(context, { ca: authority.certificate, requestCert: true });
  const writeIdentity = async (issuer: typeof authority) => {
    const { certificate, key } = issuer.issue({ commonName: 'outboard', usage: 'client' });
    const CertFile = await writePem('cert.pem', certificate);
    return { CAFile, CertFile, KeyFile: await writePem('key.pem', key) };
  };
  const find = () => engine.drivers.find('p', 'volumedriver');
  await writeSpec('p.json', { Addr, TLSConfig: { CAFile } });
  await assert.rejects(find());
  await writeSpec('p.json', { Addr, TLSConfig: await writeIdentity(createAuthority('another')) });
  await assert.rejects(find());
  await writeIdentity(authority);
  await (await find()).client.call('VolumeDriver.List', {});
});

test('a legacy plugin replaces a removed managed plugin of the same name, but not a disabled one', {
  skip,
}, async (context) => {
  const { engine, home } = await openEngine(context);
  const server = createPlainServer((_request, response) => response.end('{"Implements":["VolumeDriver"]}'));
  await new Promise<void>((resolve) => server.listen(join(home, 'run/same.sock'), resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await engine.create({ name: 'same', context: pluginContext() });
  await assert.rejects(engine.drivers.find('same', 'volumedriver'), {
    kind: 'conflict',
    message: 'plugin same found but disabled',
  });
  assert.deepEqual(await engine.drivers.all('volumedriver'), []);
  await engine.enable('same');
  assert.equal((await engine.drivers.find('same', 'volumedriver')).name, 'same:latest');
  await engine.remove('same', { force: true });
  const legacy = await engine.drivers.find('same', 'volumedriver');
  assert.deepEqual([legacy.name, legacy.pluginId], ['same', undefined]);
  assert.equal(await legacy.toHostPath('/any/../path'), '/any/../path');
});
