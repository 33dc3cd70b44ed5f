/**
 * A plugin without a valid reply denies the request (fail closed).
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

/** Options for an API with these authorization plugins. @param timeoutMs default 30 s */
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

const invalidReplies: readonly [name: string, answer: Answer, reason: RegExp][] = [
  ['Allow and an error', () => ({ Allow: true, Err: 'db gone' }), /^AuthZPlugin.AuthZReq: db gone$/],
  ['status 500 and Err', raw(500, '{"Allow":true,"Err":"no db"}'), /^AuthZPlugin.AuthZReq: no db$/],
  ['status 500 and text', raw(500, 'panic'), /^AuthZPlugin.AuthZReq: panic$/],
  ['status 403 and Allow', raw(403, '{"Allow":true}'), /^AuthZPlugin.AuthZReq: \{"Allow":true\}$/],
  ['status 201 and Allow', raw(201, '{"Allow":true}'), /^AuthZPlugin.AuthZReq: /],
  ['a redirect', (_, response) => void response.writeHead(302, { Location: '/yes' }).end(), /status 302/],
  ['an empty body', raw(200, ''), /malformed reply: want a JSON object, got nothing/],
  ['text', raw(200, 'true'), /malformed reply: want a JSON object, got "true"/],
  ['an array', raw(200, '[true]'), /malformed reply: want a JSON object/],
  ['a truncated document', raw(200, '{"Allow":true'), /malformed reply: want a JSON object/],
  [
    'Allow as a string',
    () => ({ Allow: 'true' }),
    /malformed reply: want "Allow" to be true or false, got "true"/,
  ],
  ['Allow as a number', () => ({ Allow: 1 }), /malformed reply: want "Allow" to be true or false, got 1/],
  [
    'a reply above the size limit',
    raw(200, `{"Allow":true,"Msg":"${'x'.repeat(2 ** 20)}"}`),
    /the plugin's reply is too large/,
  ],
];
for (const [name, answer, reason] of invalidReplies) {
  test(`a reply to AuthZReq with ${name} denies the request`, async () => {
    await using plugin = await startAuthorizationPlugin('acme/authz:latest', answer);
    await using api = await startTestApi(scriptEngine({}), askedThrough(lookUp(plugin), ['acme/authz']));
    const response = await send(api.socket, 'POST', '/plugins/p/enable');
    const { message } = JSON.parse(response.body);
    assert.equal(response.status, 500, message);
    const [, reported = ''] = /^plugin acme\/authz:latest failed with error: (.*)$/.exec(message) ?? [];
    assert.match(reported, reason);
  });

  test(`a reply to AuthZRes with ${name} denies the response`, async () => {
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

const unanswered: readonly [name: string, answer: Answer][] = [
  ['does not answer', hang],
  ['closes each connection', (_, response) => void response.destroy()],
];
for (const [name, answer] of unanswered) {
  test(`a plugin that ${name} denies every request`, async () => {
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
    'without the capability',
    new OutboardError('invalid', 'plugin does not provide "authz" capability'),
    'plugin acme/authz failed with error: plugin does not provide "authz" capability',
  ],
];
for (const [name, error, message] of unavailable) {
  test(`a plugin that is ${name} denies every request`, async () => {
    const drivers = { find: () => Promise.reject(error) };
    await using api = await startTestApi(scriptEngine({}), askedThrough(drivers, ['acme/authz']));
    const response = await send(api.socket, 'GET', '/_ping');
    assert.deepEqual([response.status, JSON.parse(response.body)], [500, { message }]);
  });
}

test('a plugin look-up that times out denies the request', async () => {
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

test('a plugin that is disabled during a request denies a response with a body', async () => {
  const { engine, options, plugin } = await disabledDuringRequest();
  await using _ = plugin;
  await using api = await startTestApi(engine, options);
  const list = await send(api.socket, 'GET', '/plugins');
  assert.equal(list.status, 500);
  assert.match(list.body, /found but disabled/);
});

test('the request that disables the authorization plugin is answered', async () => {
  const { engine, options, plugin } = await disabledDuringRequest();
  await using _ = plugin;
  await using api = await startTestApi(engine, options);
  assert.equal((await send(api.socket, 'POST', '/plugins/acme/authz/disable?force=1')).status, 200);
  assert.equal((await send(api.socket, 'GET', '/_ping')).status, 500);
});

/** A plugin that is disabled by the first request that it allows. */
async function disabledDuringRequest() {
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

test('requests that wait for a plugin do not block other requests', async () => {
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

test('a failing plugin denies the request, although the plugins before it allowed it', async () => {
  await using first = await startAuthorizationPlugin('a:latest', allowAll);
  await using api = await startTestApi(scriptEngine({}), askedThrough(lookUp(first), ['a', 'gone']));
  const response = await send(api.socket, 'GET', '/_ping');
  assert.match(response.body, /plugin gone failed with error: plugin \\"gone\\" not found/);
});
