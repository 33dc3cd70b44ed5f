import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, isOutboardError } from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { recordFixture } from '../testing/record-fixture.ts';
import { PluginIndex } from './plugin-index.ts';

const firstId = `a${'1'.repeat(63)}`;
const secondId = `a${'2'.repeat(63)}`;

function indexOf(...records: readonly PluginRecord[]): PluginIndex {
  const index = new PluginIndex();
  for (const record of records) index.put(record);
  return index;
}

const index = indexOf(
  recordFixture({ id: firstId, name: 'acme/p:latest' }),
  recordFixture({ id: secondId, name: 'reg:5000/acme/p:v1' }),
  recordFixture({ id: `b${'3'.repeat(63)}`, name: 'a2:latest' }),
);

for (const [typed, id] of [
  ['acme/p', firstId],
  ['acme/p:latest', firstId],
  ['docker.io/acme/p', firstId],
  ['index.docker.io/acme/p:latest', firstId],
  [firstId, firstId],
  ['a1', firstId],
  ['reg:5000/acme/p:v1', secondId],
  ['a22', secondId],
  ['b', `b${'3'.repeat(63)}`],
  ['a2', `b${'3'.repeat(63)}`],
] as const) {
  test(`find() finds a plugin by ${typed.slice(0, 30)}, names before ID prefixes`, () => {
    assert.equal(index.find(typed).id, id);
  });
}

for (const typed of [
  'acme/p:v2',
  'a1:latest',
  'c',
  '',
  'Ac/Me',
  `acme/p@sha256:${'0'.repeat(64)}`,
  '0'.repeat(64),
]) {
  test(`find() tells that ${JSON.stringify(typed.slice(0, 30))} is not there, as it was typed`, () => {
    assert.throws(
      () => index.find(typed),
      (error) =>
        isOutboardError(error, 'not-found') && error.message === `plugin ${JSON.stringify(typed)} not found`,
    );
  });
}

test('find() refuses an ID prefix that several plugins have', () => {
  assert.throws(
    () => index.find('a'),
    (error) => isOutboardError(error, 'invalid') && error.message === 'multiple plugins found for "a"',
  );
});

test('put() replaces the record of an ID, and delete() frees its name', () => {
  const changing = indexOf(recordFixture({ id: firstId, name: 'one:latest' }));
  changing.put(recordFixture({ id: firstId, name: 'one:latest', enabled: true }));
  assert.equal(changing.all().length, 1);
  assert.equal(changing.find('one').enabled, true);
  changing.delete(firstId);
  assert.equal(changing.hasName('one:latest'), false);
  assert.throws(() => changing.find(firstId.slice(0, 5)));
});

test('isReferenced() is true for shared blobs until the last plugin is removed', () => {
  const shared = digestOf(Buffer.from('layer'));
  const own = digestOf(Buffer.from('old layer'));
  const counting = indexOf(
    recordFixture({ id: firstId, name: 'one:latest', blobDigests: [shared, own] }),
    recordFixture({ id: secondId, name: 'two:latest', blobDigests: [shared] }),
  );
  counting.put(recordFixture({ id: firstId, name: 'one:latest', blobDigests: [shared] }));
  assert.equal(counting.isReferenced(own), false, 'an upgrade lets go of the old layer');
  counting.delete(firstId);
  assert.equal(counting.isReferenced(shared), true);
  counting.delete(secondId);
  assert.equal(counting.isReferenced(shared), false);
});

test('enabledWith() knows the enabled plugins of a capability, whatever is put and deleted', () => {
  const types = (...capabilities: readonly string[]) => ({
    ...recordFixture().config,
    interface: {
      types: capabilities.map((capability) => ({ prefix: 'docker', capability, version: '1.0' })),
      socket: 'p.sock',
      protocolScheme: '',
    },
  });
  const b = recordFixture({ id: firstId, name: 'b:latest', config: types('volumedriver', 'authz') });
  const a = recordFixture({ id: secondId, name: 'a:latest', enabled: true });
  const index = indexOf(b, a);
  const names = (capability: string) => index.enabledWith(capability).map(({ name }) => name);
  assert.deepEqual(names('volumedriver'), ['a:latest']);
  index.put({ ...b, enabled: true });
  assert.deepEqual(names('volumedriver'), ['a:latest', 'b:latest']);
  assert.deepEqual(names('authz'), ['b:latest']);
  index.put({ ...b, enabled: true, config: types('authz') });
  assert.deepEqual(names('volumedriver'), ['a:latest']);
  index.put({ ...b, enabled: false });
  assert.deepEqual(names('authz'), []);
  index.delete(secondId);
  assert.deepEqual(names('volumedriver'), []);
});

test('all() lists by name, as the same array until a plugin changes', () => {
  const record = recordFixture({ id: firstId, name: 'b:latest' });
  const plugins = indexOf(record, recordFixture({ id: secondId, name: 'a:latest' }));
  const before = plugins.all();
  assert.deepEqual(
    before.map(({ name }) => name),
    ['a:latest', 'b:latest'],
  );
  assert.equal(plugins.all(), before);
  plugins.put({ ...record, enabled: true });
  assert.deepEqual(
    plugins.all().map(({ enabled }) => enabled),
    [false, true],
  );
  plugins.delete(secondId);
  assert.equal(plugins.all().length, 1);
  assert.equal(before.length, 2);
});
