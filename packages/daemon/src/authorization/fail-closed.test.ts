/**
 * A plugin that cannot say yes says no.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError, type PluginDrivers } from '@outboard/engine';
import {
  type Answer,
  allowAll,
  askedBy,
  hang,
  lookUp,
  startAuthorizationPlugin,
} from '../testing/authorization-plugin.ts';
import { send } from '../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi, type TestApiOptions } from '../testing/test-api.ts';
import { createAuthorizationChain } from './authorization-chain.ts';
import { createAuthorize } from './authorize-by-plugins.ts';

/** Options for an API that asks these plugins, found by that look-up. @param timeoutMs default 30 s */
function askedThrough(
  drivers: Pick<PluginDrivers, 'find'>,
  names: readonly string[],
  timeoutMs?: number,
): TestApiOptions {
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  const chain = createAuthorizationChain({ names, drivers, ...limits });
  return { authorize: createAuthorize(() => chain) };
}

const raw =
  (status: number, text: string): Answer =>
  (_question, response) => {
    response.writeHead(status);
    response.end(text);
  };

const nonsense: readonly [name: string, answer: Answer, reason: RegExp][] = [
  ['leave and an error at once', () => ({ Allow: true, Err: 'db gone' }), /^AuthZPlugin.AuthZReq: db gone$/],
  ['an error of status 500', raw(500, '{"Allow":true,"Err":"no db"}'), /^AuthZPlugin.AuthZReq: no db$/],
  ['status 500 and text', raw(500, 'panic'), /^AuthZPlugin.AuthZReq: panic$/],
  ['status 403 and leave', raw(403, '{"Allow":true}'), /^AuthZPlugin.AuthZReq: \{"Allow":true\}$/],
  ['status 201 and leave', raw(201, '{"Allow":true}'), /^AuthZPlugin.AuthZReq: /],
  ['a redirect', (_, response) => void response.writeHead(302, { Location: '/yes' }).end(), /status 302/],
  ['nothing', raw(200, ''), /malformed reply: want a JSON object, got nothing/],
  ['text', raw(200, 'true'), /malformed reply: want a JSON object, got "true"/],
  ['an array', raw(200, '[true]'), /malformed reply: want a JSON object/],
  ['half a document', raw(200, '{"Allow":true'), /malformed reply: want a JSON object/],
  [
    'leave as a text',
    () => ({ Allow: 'true' }),
    /malformed reply: want "Allow" to be true or false, got "true"/,
  ],
  ['leave as a number', () => ({ Allow: 1 }), /malformed reply: want "Allow" to be true or false, got 1/],
  [
    'an endless reply',
    raw(200, `{"Allow":true,"Msg":"${'x'.repeat(2 ** 20)}"}`),
    /the plugin's reply is too large/,
  ],
];
for (const [name, answer, reason] of nonsense) {
  test(`a plugin that answers with ${name} lets nothing pass`, async () => {
    await using plugin = await startAuthorizationPlugin('acme/authz:latest', answer);
    await using api = await startTestApi(scriptEngine({}), askedThrough(lookUp(plugin), ['acme/authz']));
    const response = await send(api.socket, 'POST', '/plugins/p/enable');
    const { message } = JSON.parse(response.body);
    assert.equal(response.status, 500, message);
    const [, reported = ''] = /^plugin acme\/authz:latest failed with error: (.*)$/.exec(message) ?? [];
    assert.match(reported, reason);
  });

  test(`a plugin that answers a question about an answer with ${name} lets it not pass`, async () => {
    await using plugin = await startAuthorizationPlugin('acme/authz:latest', (question, response) =>
      question.path.endsWith('AuthZReq') ? { Allow: true } : answer(question, response),
    );
    const inspect = () => samplePlugin({ name: 'canary' });
    await using api = await startTestApi(
      scriptEngine({ inspect }),
      askedThrough(lookUp(plugin), ['acme/authz']),
    );
    const response = await send(api.socket, 'GET', '/plugins/p/json');
    assert.equal(response.status, 500, response.body);
    assert.match(response.body, /plugin acme\/authz:latest failed with error: /);
    assert.doesNotMatch(response.body, /canary/);
  });
}

const silent: readonly [name: string, answer: Answer][] = [
  ['does not answer', hang],
  ['ends the connection each time', (_, response) => void response.destroy()],
];
for (const [name, answer] of silent) {
  test(`a plugin that ${name} lets nothing pass`, async () => {
    await using plugin = await startAuthorizationPlugin('acme/authz:latest', answer);
    await using api = await startTestApi(scriptEngine({}), askedThrough(lookUp(plugin), ['acme/authz'], 200));
    const response = await send(api.socket, 'POST', '/plugins/p/enable');
    assert.equal(response.status, 500);
    assert.match(response.body, /plugin acme\/authz:latest failed with error: no answer within 0.2 s/);
  });
}

const unavailable: readonly [name: string, error: OutboardError, message: string][] = [
  [
    'missing',
    new OutboardError('not-found', 'plugin "acme/authz" not found'),
    'plugin acme/authz failed with error: plugin "acme/authz" not found',
  ],
  [
    'disabled',
    new OutboardError('conflict', 'plugin acme/authz found but disabled'),
    'plugin acme/authz failed with error: plugin acme/authz found but disabled',
  ],
  [
    'of another kind',
    new OutboardError('invalid', 'plugin does not provide "authz" capability'),
    'plugin acme/authz failed with error: plugin does not provide "authz" capability',
  ],
];
for (const [name, error, message] of unavailable) {
  test(`a plugin that is ${name} lets nothing pass`, async () => {
    const drivers = { find: () => Promise.reject(error) };
    await using api = await startTestApi(scriptEngine({}), askedThrough(drivers, ['acme/authz']));
    const response = await send(api.socket, 'GET', '/_ping');
    assert.deepEqual([response.status, JSON.parse(response.body)], [500, { message }]);
  });
}

test('a look-up that never ends lets nothing pass', async () => {
  const drivers: Pick<PluginDrivers, 'find'> = {
    find: (_name, _capability, options) =>
      new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
      }),
  };
  await using api = await startTestApi(scriptEngine({}), askedThrough(drivers, ['acme/authz'], 200));
  const response = await send(api.socket, 'GET', '/_ping');
  assert.match(response.body, /plugin acme\/authz failed with error: no answer within 0.2 s/);
});

test('a plugin that is disabled while a request runs lets no answer with a body pass', async () => {
  const { engine, options, plugin } = await disabledOnTheWay();
  await using _ = plugin;
  await using api = await startTestApi(engine, options);
  const list = await send(api.socket, 'GET', '/plugins');
  assert.equal(list.status, 500);
  assert.match(list.body, /found but disabled/);
});

test('the request that disables the plugin itself is answered', async () => {
  const { engine, options, plugin } = await disabledOnTheWay();
  await using _ = plugin;
  await using api = await startTestApi(engine, options);
  assert.equal((await send(api.socket, 'POST', '/plugins/acme/authz/disable?force=1')).status, 200);
  assert.equal((await send(api.socket, 'GET', '/_ping')).status, 500);
});

/** A plugin that is disabled by the first request that it lets pass. */
async function disabledOnTheWay() {
  const plugin = await startAuthorizationPlugin('acme/authz:latest');
  let disabled = false;
  const disable = async () => {
    disabled = true;
  };
  const list = () => {
    disabled = true;
    return [];
  };
  const found = lookUp(plugin);
  const drivers: Pick<PluginDrivers, 'find'> = {
    find: (name, capability) =>
      disabled
        ? Promise.reject(new OutboardError('conflict', `plugin ${name} found but disabled`))
        : found.find(name, capability),
  };
  return { engine: scriptEngine({ disable, list }), options: askedThrough(drivers, ['acme/authz']), plugin };
}

test('requests that a plugin does not answer hold up no others', async () => {
  await using plugin = await startAuthorizationPlugin('acme/authz:latest', ({ body }) =>
    String(body.RequestUri).includes('hang') ? undefined : { Allow: true },
  );
  await using api = await startTestApi(scriptEngine({}), askedBy(plugin));
  const hung = Array.from({ length: 20 }, () => send(api.socket, 'POST', '/plugins/hang/enable'));
  while (plugin.questions.length < hung.length) await new Promise(setImmediate);
  assert.equal((await send(api.socket, 'GET', '/_ping')).status, 200);
  api.stopping.abort(new OutboardError('unavailable', 'the daemon is shutting down'));
  for (const response of await Promise.all(hung)) {
    assert.deepEqual([response.status, response.body], [503, '{"message":"the daemon is shutting down"}\n']);
  }
});

test('one plugin that fails is enough, whatever those before it said', async () => {
  await using first = await startAuthorizationPlugin('a:latest', allowAll);
  await using api = await startTestApi(scriptEngine({}), askedThrough(lookUp(first), ['a', 'gone']));
  const response = await send(api.socket, 'GET', '/_ping');
  assert.match(response.body, /plugin gone failed with error: plugin \\"gone\\" not found/);
});
