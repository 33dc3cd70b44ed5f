import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Consumer, describeConsumer } from './consumer.ts';
import type { PluginReference } from './plugin-references.ts';
import { partsOfMount, showReference } from './show-reference.ts';

const since = new Date('2026-08-01T12:00:00Z');
const time = 'since 2026-08-01T12:00:00.000Z';
const own = { ...describeConsumer(process.pid), program: 'podman' };
const container = '3f2a5b1c9d0e'.padEnd(64, '0');
const byHand: Consumer = { pid: 1, startTime: '1', program: 'outboard', isByHand: true };

for (const [reference, text] of [
  [{ kind: 'volume', holder: 'data' }, `volume data (${time})`],
  [{ kind: 'volume', holder: 'data', note: 'it is lost' }, `volume data (it is lost, ${time})`],
  [{ kind: 'client', holder: 'backup' }, `client backup (${time})`],
  [{ kind: 'log', holder: 'ab'.repeat(32) }, `log abababababab… (${time})`],
  [
    { kind: 'log', holder: 'one', consumer: { ...own, program: 'dockerd', unit: 'docker.service' } },
    `log one written by dockerd (pid ${process.pid}, unit docker.service, ${time})`,
  ],
  [{ kind: 'stream', holder: 'LogDriver.ReadLogs/7' }, `stream LogDriver.ReadLogs (${time})`],
  [
    { kind: 'stream', holder: 'LogDriver.ReadLogs/7', consumer: own },
    `stream LogDriver.ReadLogs to podman (pid ${process.pid}, ${time})`,
  ],
  [{ kind: 'mount', holder: 'data/web' }, `volume data mounted with ID web (${time})`],
  [{ kind: 'mount', holder: `a/b/${'ab'.repeat(32)}` }, `volume a/b mounted with ID abababababab… (${time})`],
  [
    { kind: 'mount', holder: 'data/x', consumer: { ...own, container } },
    `volume data mounted by podman (pid ${process.pid}, container 3f2a5b1c9d0e, ${time})`,
  ],
  [
    { kind: 'mount', holder: 'data/x', consumer: { pid: process.pid, startTime: '1', isByHand: false } },
    `volume data mounted by a process (pid ${process.pid}, process gone, ${time})`,
  ],
  [{ kind: 'mount', holder: 'data/web', consumer: byHand }, `volume data mounted by hand for web (${time})`],
  [
    { kind: 'mount', holder: 'data/web', consumer: { ...byHand, unit: 'web.service' } },
    `volume data mounted by hand for web (unit web.service, ${time})`,
  ],
  [{ kind: 'mount', holder: 'data/\u001b[2J' }, `volume data mounted with ID \\u001b[2J (${time})`],
] as const satisfies readonly (readonly [
  Pick<PluginReference, 'kind' | 'holder' | 'consumer' | 'note'>,
  string,
])[]) {
  test(`showReference() shows ${text}`, () => assert.equal(showReference({ ...reference, since }), text));
}

test('partsOfMount() splits at the last slash, since an ID has none', () => {
  assert.deepEqual(partsOfMount({ holder: 'a/b/web' }), { volume: 'a/b', id: 'web' });
  assert.deepEqual(partsOfMount({ holder: 'web' }), { volume: '', id: 'web' });
});
