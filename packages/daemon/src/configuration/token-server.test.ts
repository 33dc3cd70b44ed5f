import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTokenServer } from './token-server.ts';

test('parseTokenServer() normalizes both hosts as a URL does', () => {
  assert.deepEqual(parseTokenServer('Registry.example.com:5050=gitlab.example.com:443'), {
    registry: 'registry.example.com:5050',
    realm: 'gitlab.example.com',
  });
});

for (const text of [
  '',
  'a',
  'a=',
  '=b',
  'a=b=c',
  'https://a=b',
  'a=b/token',
  'a=user@b',
  'a=b:99999',
  'a= b',
]) {
  test(`R11 parseTokenServer() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseTokenServer(text), { kind: 'invalid', message: /expected REGISTRY=HOST/ });
  });
}
