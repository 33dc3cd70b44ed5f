import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from '@outboard/engine';
import { encodeEvent } from './event-document.ts';
import { parseEventQuery } from './event-query.ts';

const event: EngineEvent = {
  type: 'plugin',
  action: 'enable',
  id: 'abc123',
  attributes: { name: 'acme/p:latest' },
  at: new Date(1_700_000_000_123),
  timeNano: 1_700_000_000_123_000_001n,
};
const volumeEvent: EngineEvent = {
  type: 'volume',
  action: 'mount',
  id: 'data',
  attributes: { driver: 'acme/p:latest', container: '3f2a', propagation: '' },
  at: new Date(1_700_000_000_124),
  timeNano: 1_700_000_000_124_000_000n,
};
const query = (parameters: Record<string, string>) => parseEventQuery(new URLSearchParams(parameters));

test('parseEventQuery() keeps nanoseconds', () => {
  const { since, until } = query({ since: '1700000000.000000001', until: '1700000001.5' });
  assert.deepEqual(
    { since, until },
    { since: 1_700_000_000_000_000_001n, until: 1_700_000_001_500_000_000n },
  );
});

test('parseEventQuery() refuses since after until with the error text of Docker', () => {
  assert.throws(() => query({ since: '20', until: '10' }), {
    status: 400,
    message: '`since` time (20) cannot be after `until` time (10)',
  });
});

for (const text of ['abc', '-1', '1.2.3', '1e5', '9'.repeat(13)]) {
  test(`parseEventQuery() refuses ${text} as a time`, () => {
    assert.throws(() => query({ since: text }), { status: 400, message: /^invalid value for 'since'/ });
  });
}

const filters: readonly [filters: string, matches: boolean][] = [
  ['{"type":["plugin"]}', true],
  ['{"type":["container"]}', false],
  ['{"type":["container","plugin"]}', true],
  ['{"event":["enable"]}', true],
  ['{"event":["disable"]}', false],
  ['{"plugin":["acme"]}', true],
  ['{"plugin":["abc"]}', true],
  ['{"plugin":["other"]}', false],
  ['{"volume":["other"]}', false],
  ['{"scope":["local"]}', true],
  ['{"scope":["swarm"]}', false],
  ['{"label":["name=acme/p:latest"]}', true],
  ['{"label":["x"]}', false],
  ['{"label":["name","x"]}', false],
  ['{"image":["abc123"]}', true],
  ['{"image":["abc"]}', false],
  ['{"secret":["other"]}', false],
  ['{"bogus":["x"]}', true],
  ['{"type":{"plugin":true},"event":{"disable":true}}', false],
];
for (const [text, matches] of filters) {
  test(`filters ${text} ${matches ? 'accept' : 'reject'} an enable event of acme/p`, () => {
    assert.equal(query({ filters: text }).matches(event), matches);
  });
}

const volumeFilters: readonly [filters: string, matches: boolean][] = [
  ['{"type":["volume"]}', true],
  ['{"type":["plugin"]}', false],
  ['{"volume":["dat"]}', true],
  ['{"volume":["ata"]}', false],
  ['{"plugin":["acme"]}', false],
  ['{"event":["mount","unmount"]}', true],
  ['{"label":["driver=acme/p:latest"]}', true],
  ['{"label":["driver=acme/p:latest","container=3f2a"]}', true],
  ['{"label":["driver=acme/p:latest","container=other"]}', false],
  ['{"label":["propagation"]}', true],
  ['{"label":["constructor"]}', false],
];
for (const [text, matches] of volumeFilters) {
  test(`filters ${text} ${matches ? 'accept' : 'reject'} a mount event of a volume`, () => {
    assert.equal(query({ filters: text }).matches(volumeEvent), matches);
  });
}

test('encodeEvent() writes a volume event with its attributes', () => {
  assert.deepEqual(JSON.parse(encodeEvent(volumeEvent)), {
    Type: 'volume',
    Action: 'mount',
    Actor: { ID: 'data', Attributes: { driver: 'acme/p:latest', container: '3f2a', propagation: '' } },
    scope: 'local',
    time: 1_700_000_000,
    timeNano: 1_700_000_000_124_000_000,
  });
});

test('encodeEvent() writes the JSON of Docker with exact nanoseconds', () => {
  assert.equal(
    encodeEvent(event),
    '{"Type":"plugin","Action":"enable","Actor":{"ID":"abc123","Attributes":{"name":"acme/p:latest"}},' +
      '"scope":"local","time":1700000000,"timeNano":1700000000123000001}',
  );
});
