import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkGateway } from './gateway-check.ts';

const served = {
  pluginId: 'a',
  pluginName: 'acme/p:v2',
  alias: 'p',
  path: '/run/docker/plugins/p.sock',
};

test('checkGateway() counts the sockets', () => {
  const check = checkGateway({ endpoints: () => [served, { ...served, alias: 'q' }] });
  assert.deepEqual([check.status, check.message], ['ok', '2 sockets in /run/docker/plugins']);
  assert.equal(checkGateway({ endpoints: () => [] }).message, 'no plugin is enabled');
  assert.equal(checkGateway(undefined).status, 'ok');
});

test('checkGateway() warns of plugins without a socket, with the reason and the remedy', () => {
  const problem = 'cannot listen on "/run/docker/plugins/p.sock": the path is not a socket';
  const check = checkGateway({ endpoints: () => [served, { ...served, problem }] });
  assert.equal(check.status, 'warn');
  assert.equal(check.message, `1 of 2 plugins have no socket: acme/p:v2: ${problem}`);
  assert.match(check.remedy, /--gateway-alias/);
});
