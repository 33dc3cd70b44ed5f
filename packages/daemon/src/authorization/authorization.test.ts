/**
 * The plugins in force: how they come to be, how others replace them, and what they keep from being stopped.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PluginDrivers, PluginReferences, ReferenceSource } from '@outboard/engine';
import { pino } from 'pino';
import { withDefaults } from '../configuration/configuration.ts';
import {
  lookUp,
  startAuthorizationPlugin,
  type TestAuthorizationPlugin,
} from '../testing/authorization-plugin.ts';
import { type RawResponse, send } from '../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';
import { createAuthorization } from './authorization.ts';

/** Authorization over real plugins, with what it logs and the references that it makes. */
function authorizeBy(names: readonly string[], ...plugins: readonly TestAuthorizationPlugin[]) {
  const sources: ReferenceSource[] = [];
  const logged: string[] = [];
  const engine = {
    ...scriptEngine({ inspect: (name) => samplePlugin({ id: `id of ${name.split(':')[0]}` }) }),
    // Of look-up and references nothing else is touched.
    drivers: lookUp(...plugins) as PluginDrivers,
    references: { addSource: (source) => void sources.push(source) } as PluginReferences,
  };
  const logger = pino({}, { write: (line: string) => void logged.push(line) });
  const authorization = createAuthorization({ names, engine, logger });
  return {
    authorization,
    logged,
    usesOf: (id: string) => sources.flatMap((source) => source(id)),
    async reload(...next: readonly string[]) {
      const putInForce = await authorization.prepare(withDefaults({ 'authorization-plugins': next }));
      putInForce();
    },
  };
}

const ping = (socket: string): Promise<RawResponse> => send(socket, 'GET', '/_ping');

test('another configuration puts other plugins in force', async () => {
  await using first = await startAuthorizationPlugin('a:latest');
  await using second = await startAuthorizationPlugin('b:latest');
  const { authorization, reload } = authorizeBy(['a', 'a'], first, second);
  await using api = await startTestApi(scriptEngine({}), { authorize: authorization.authorize });
  assert.deepEqual(authorization.names(), ['a']);
  await ping(api.socket);
  await reload('b', 'a');
  assert.deepEqual(authorization.names(), ['b', 'a']);
  await ping(api.socket);
  assert.deepEqual([first.asked().length, second.asked().length], [4, 2]);
  await reload();
  await ping(api.socket);
  assert.deepEqual([first.asked().length, second.asked().length], [4, 2]);
});

test('a configuration with a plugin that cannot be found changes nothing, unless it was in force already', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest');
  const { authorization, reload } = authorizeBy(['gone'], plugin);
  await assert.rejects(reload('gone', 'a', 'typo'), { message: 'plugin "typo" not found' });
  assert.deepEqual(authorization.names(), ['gone']);
  await reload('gone', 'a');
  assert.deepEqual(authorization.names(), ['gone', 'a']);
});

test('a request is judged to its end by the plugins that it began with', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest', ({ path }) => ({
    Allow: path.endsWith('AuthZReq'),
    Msg: 'no',
  }));
  const { authorization, reload } = authorizeBy(['a'], plugin);
  const enable = () => reload();
  await using api = await startTestApi(scriptEngine({ enable }), { authorize: authorization.authorize });
  assert.equal((await send(api.socket, 'POST', '/plugins/p/enable')).status, 403);
  assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
});

test('a plugin in force is in use, and no other is', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest');
  const { usesOf, reload } = authorizeBy(['a:latest'], plugin);
  assert.deepEqual(
    usesOf('id of a').map(({ kind, holder }) => `${kind} ${holder}`),
    ['client authorization of the API'],
  );
  assert.deepEqual(usesOf('id of b'), []);
  await reload();
  assert.deepEqual(usesOf('id of a'), []);
});

test('plugins that cannot be asked when the daemon starts are logged', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest');
  const { authorization, logged } = authorizeBy(['a', 'gone'], plugin);
  await authorization.reportMissing(new AbortController().signal);
  assert.equal(logged.length, 1);
  assert.match(logged.join(), /"plugin":"gone".*plugin \\"gone\\" not found/);
});
