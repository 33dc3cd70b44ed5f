import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { emptyReply } from '../http/reply.ts';
import type { Route } from '../http/route-table.ts';
import { send } from '../testing/raw-http.ts';
import { scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';
import { settleSockets } from './settle-sockets.ts';

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  handle: () => emptyReply(204),
});

test('a request that changes plugins is answered after the sockets follow, others at once', async () => {
  const sockets = withResolvers<void>();
  const asked: string[] = [];
  const routes = settleSockets(
    [route('POST', '/plugins/p/enable'), route('GET', '/plugins/p/json'), route('POST', '/volumes/create')],
    async () => {
      asked.push('settled');
      await sockets.promise;
    },
  );
  await using api = await startTestApi(scriptEngine({}), { routes });
  const enabled = send(api.socket, 'POST', '/plugins/p/enable').then(() => asked.push('answered'));
  await send(api.socket, 'GET', '/plugins/p/json');
  await send(api.socket, 'POST', '/volumes/create');
  assert.deepEqual(asked, ['settled']);
  sockets.resolve();
  await enabled;
  assert.deepEqual(asked, ['settled', 'answered']);
});

test('a failure of the sockets is no failure of the request', async () => {
  const routes = settleSockets([route('DELETE', '/plugins/p')], () => Promise.reject(new Error('broken')));
  await using api = await startTestApi(scriptEngine({}), { routes });
  assert.equal((await send(api.socket, 'DELETE', '/plugins/p')).status, 204);
});
