/**
 * The authorization plugins in force: configuration, reload, and references that keep them enabled.
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

/** Authorization by real plugins, with its log lines and its references. */
function authorizeBy(names: readonly string[], ...plugins: readonly TestAuthorizationPlugin[]) {
  const sources: ReferenceSource[] = [];
  const logged: string[] = [];
  const engine = {
    ...scriptEngine({ inspect: (name) => samplePlugin({ id: `id of ${name.split(':')[0]}` }) }),
    // Authorization uses no other members of the drivers and references.
    drivers: lookUp(...plugins) as PluginDrivers,
    references: { addSource: (source) => void sources.push(source) } as PluginReferences,
  };
  const logger = pino({}, { write: (line: string) => void logged.push(line) });
  const authorization = createAuthorization({ names, engine, logger });
  return {
    authorization,
    logged,
    referencesOf: (id: string) => sources.flatMap((source) => source(id)),
    async reload(...next: readonly string[]) {
      const apply = await authorization.prepare(withDefaults({ 'authorization-plugins': next }));
      apply();
    },
  };
}

const ping = (socket: string): Promise<RawResponse> => send(socket, 'GET', '/_ping');

test('a reload replaces the plugins in force', async () => {
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

test('a reload with an unknown plugin is rejected, unless that plugin is already in force', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest');
  const { authorization, reload } = authorizeBy(['gone'], plugin);
  await assert.rejects(reload('gone', 'a', 'typo'), { message: 'plugin "typo" not found' });
  assert.deepEqual(authorization.names(), ['gone']);
  await reload('gone', 'a');
  assert.deepEqual(authorization.names(), ['gone', 'a']);
});

test('a reload during a request does not change the plugins that authorize its response', async () => {
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

test('only a plugin in force has a reference from authorization', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest');
  const { referencesOf, reload } = authorizeBy(['a:latest'], plugin);
  assert.deepEqual(
    referencesOf('id of a').map(({ kind, holder }) => `${kind} ${holder}`),
    ['client authorization of the API'],
  );
  assert.deepEqual(referencesOf('id of b'), []);
  await reload();
  assert.deepEqual(referencesOf('id of a'), []);
});

test('reportMissing() logs each configured plugin that is not found', async () => {
  await using plugin = await startAuthorizationPlugin('a:latest');
  const { authorization, logged } = authorizeBy(['a', 'gone'], plugin);
  await authorization.reportMissing(new AbortController().signal);
  assert.equal(logged.length, 1);
  assert.match(logged.join(), /"plugin":"gone".*plugin \\"gone\\" not found/);
});
