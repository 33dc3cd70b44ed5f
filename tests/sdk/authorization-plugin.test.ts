/** Authorization plugins of the SDK: requests as an engine sends them, decisions, and failures that deny. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createAuthorizationPlugin } from '@outboard/protocol';
import { type AuthorizationRequest, type Authorizer, allow, deny } from '@outboard/sdk';
import { type ServedPlugin, servePlugin } from './served-plugin.ts';

const requests: AuthorizationRequest[] = [];

/** Refuses privileged containers, and answers with status 201 to others than alice. */
const authorizer: Authorizer = {
  async authorizeRequest(request) {
    requests.push(request);
    if (request.path === '/fail') throw new Error('the policy is out of order');
    if (request.body?.field('HostConfig', 'Privileged') === true) return deny('no privileged containers');
    return allow;
  },
  async authorizeResponse({ user }, { status }) {
    return status === 201 && user !== 'alice' ? deny(`created, but not for ${user}`) : allow;
  },
};

const create = { method: 'POST', uri: '/v1.41/containers/create?name=web', headers: {} };
const bodyOf = (text: string) => Buffer.from(text).toString('base64');

describe('an authorization plugin of the SDK', () => {
  let plugin: ServedPlugin;

  before(async () => {
    plugin = await servePlugin({ authorization: authorizer });
  });
  after(() => plugin[Symbol.asyncDispose]());
  beforeEach(() => {
    requests.length = 0;
  });

  test('gets method, path, query, user, headers and certificates', async () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
    const decision = await createAuthorizationPlugin(plugin.client).authorizeRequest({
      ...create,
      uri: '/v1.41/volumes/a%20b?force=1&force=0',
      headers: { 'Content-Type': 'application/json', 'X-A': 'b' },
      user: { name: 'alice', authenticationMethod: 'TLS' },
      peerCertificates: [pem],
    });
    assert.deepEqual(decision, { allowed: true });
    const [request] = requests;
    assert.equal(request?.uri, '/v1.41/volumes/a%20b?force=1&force=0');
    assert.equal(request?.path, '/volumes/a b');
    assert.equal(request?.query.get('force'), '1');
    assert.deepEqual(
      [request?.method, request?.user, request?.authenticationMethod],
      ['POST', 'alice', 'TLS'],
    );
    assert.deepEqual(
      [...(request?.headers ?? [])],
      [
        ['content-type', 'application/json'],
        ['x-a', 'b'],
      ],
    );
    assert.deepEqual(request?.certificates, [pem]);
    assert.equal(request?.body, undefined);
  });

  test('refuses with its message, by a field of the body', async () => {
    const client = createAuthorizationPlugin(plugin.client);
    const body = Buffer.from('{"Image":"x","HostConfig":{"Privileged":true}}');
    assert.deepEqual(await client.authorizeRequest({ ...create, body }), {
      allowed: false,
      reason: 'no privileged containers',
    });
  });

  test('decides on answers with their status', async () => {
    const client = createAuthorizationPlugin(plugin.client);
    const user = { name: 'bob', authenticationMethod: 'TLS' };
    assert.deepEqual(await client.authorizeResponse({ ...create, user }, { status: 201, headers: {} }), {
      allowed: false,
      reason: 'created, but not for bob',
    });
    assert.deepEqual(await client.authorizeResponse({ ...create, user }, { status: 200 }), { allowed: true });
  });

  for (const [name, body] of [
    ['in other letters', '{"hostconfig":{"PRIVILEGED":true}}'],
    ['in letters that Go takes for ASCII', '{"Ho\u017ftConfig":{"Privileged":true}}'],
    ['in an escaped name', '{"HostConfi\\u0067":{"Privileged":true}}'],
  ] as const) {
    test(`finds a field ${name}, as the engine does`, async () => {
      const decision = { RequestMethod: 'POST', RequestUri: '/containers/create', RequestBody: bodyOf(body) };
      assert.deepEqual((await plugin.call('AuthZPlugin.AuthZReq', decision)).body, {
        Allow: false,
        Msg: 'no privileged containers',
      });
    });
  }

  for (const [name, body] of [
    ['a second object under one name', '{"HostConfig":{"Privileged":true},"HostConfig":{}}'],
    ['a second field in other letters', '{"HostConfig":{"Privileged":true,"privileged":false}}'],
    ['a body that is not JSON', '{"HostConfig":'],
    ['a value after the first one', '{"HostConfig":{}}{"HostConfig":{"Privileged":true}}'],
  ] as const) {
    test(`a policy that reads the body refuses ${name}`, async () => {
      const request = { RequestMethod: 'POST', RequestUri: '/containers/create', RequestBody: bodyOf(body) };
      const answer = await plugin.call('AuthZPlugin.AuthZReq', request);
      assert.deepEqual([answer.status, answer.body.Allow], [400, false]);
      assert.match(String(answer.body.Err), /the body of the API request (has two fields|is not JSON)/);
    });
  }

  test('an error of the policy denies with its message', async () => {
    const answer = await plugin.call('AuthZPlugin.AuthZReq', { RequestMethod: 'GET', RequestUri: '/fail' });
    const message = 'the policy is out of order';
    assert.deepEqual([answer.status, answer.body], [500, { Allow: false, Msg: message, Err: message }]);
    assert.ok(plugin.logged.includes(`/AuthZPlugin.AuthZReq: ${message}`));
  });

  test('the empty body of a repeated call denies', async () => {
    const answer = await plugin.call('AuthZPlugin.AuthZReq');
    assert.deepEqual([answer.status, answer.body.Allow], [400, false]);
    assert.equal(requests.length, 0);
  });

  test('takes bodies of 4 MiB, the most that engines show', async () => {
    const body = `{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`;
    const request = { RequestMethod: 'POST', RequestUri: '/containers/create', RequestBody: bodyOf(body) };
    assert.deepEqual((await plugin.call('AuthZPlugin.AuthZReq', request)).body, { Allow: true });
    assert.equal(requests[0]?.body?.bytes().length, body.length);
  });
});
