import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newHeldVolume, withHolder } from '../mounts/held-volume.ts';
import { showReference } from '../references/show-reference.ts';
import { mountReferences } from './volume-references.ts';

test('a holder whose volume could not be mounted again is shown with the reason', () => {
  const since = new Date('2026-01-02T03:04:05Z');
  const volume = newHeldVolume({ bootId: 'b', driver: 'acme/p:latest', volume: 'data' });
  const held = { ...withHolder(volume, { id: 'web', since }), failure: 'the server\nis gone' };
  assert.deepEqual(mountReferences(held, since).map(showReference), [
    'volume data mounted with ID web (not mounted: the server\\u000ais gone, since 2026-01-02T03:04:05.000Z)',
  ]);
});
