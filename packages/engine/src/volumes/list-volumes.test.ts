import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VolumeList } from './volumes.ts';
import { openFixture } from './volumes-fixture.test.support.ts';

const shown = ({ volumes }: VolumeList) => volumes.map(({ name, driver }) => `${name} ${driver}`);

test('list() shows the volumes of all drivers by name, those made elsewhere too', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const other = await driver('acme/other:latest');
  acme.volumes.add('c');
  other.volumes.add('a').add('c');
  await volumes.create({ name: 'b', driver: 'acme/p', labels: new Map([['x', '1']]) });
  const list = await volumes.list();
  const all = ['a acme/other:latest', 'b acme/p:latest', 'c acme/other:latest', 'c acme/p:latest'];
  assert.deepEqual(shown(list), all);
  assert.deepEqual(list.warnings, []);
  assert.deepEqual(list.volumes[1], {
    name: 'b',
    driver: 'acme/p:latest',
    mountpoint: '/host/mnt/b',
    scope: 'global',
    createdAt: new Date('2026-01-02T03:04:05Z'),
    labels: new Map([['x', '1']]),
  });
});

test('list() gives labels only to the volume of the driver that they were given for', async (context) => {
  const { volumes, driver } = await openFixture(context);
  await driver('acme/p:latest');
  (await driver('acme/other:latest')).volumes.add('b');
  await volumes.create({ name: 'b', driver: 'acme/p', labels: new Map([['x', '1']]) });
  const { volumes: labelled } = await volumes.list({ labels: ['x'] });
  assert.deepEqual(
    labelled.map((volume) => volume.driver),
    ['acme/p:latest'],
  );
});

const dead: readonly [
  what: string,
  state: 'enabled' | 'disabled' | 'gone',
  answer: object | 'never',
  warning: string,
][] = [
  ['never answers', 'enabled', 'never', 'no answer within 0.1 s'],
  ['fails', 'enabled', { Err: 'backend is away' }, 'backend is away'],
  ['fails with a status', 'enabled', { failed: true, Err: 'away' }, 'VolumeDriver.List: away'],
  [
    'is disabled',
    'disabled',
    {},
    'error looking up volume plugin acme/p:latest: plugin acme/p:latest found but disabled',
  ],
  ['is gone', 'gone', {}, 'error looking up volume plugin acme/p:latest: plugin "acme/p:latest" not found'],
];
for (const [what, state, answer, warning] of dead) {
  test(`list() shows what is remembered of a driver that ${what}, with a warning, and all of the others`, async (context) => {
    const { volumes, driver } = await openFixture(context, { surveyTimeoutMs: 100 });
    const acme = await driver('acme/p:latest');
    (await driver('acme/other:latest')).volumes.add('z');
    await volumes.create({ name: 'data', driver: 'acme/p', labels: new Map([['x', '1']]) });
    acme.answers.set('List', () => answer);
    acme.state = state;
    const list = await volumes.list();
    assert.deepEqual(shown(list), ['data acme/p:latest', 'z acme/other:latest']);
    assert.deepEqual(list.warnings, [`list acme/p:latest: ${warning}`]);
    const [remembered] = list.volumes;
    assert.deepEqual([remembered?.mountpoint, remembered?.labels], ['', new Map([['x', '1']])]);
  });
}

test('list() asks no driver that the filter leaves out', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const other = await driver('acme/other:latest');
  acme.volumes.add('a');
  assert.deepEqual(shown(await volumes.list({ drivers: ['acme/p:latest'] })), ['a acme/p:latest']);
  assert.deepEqual(other.calls, []);
  assert.deepEqual(shown(await volumes.list({ drivers: ['acme/p'] })), [], 'names are full ones');
});

test('list() filters by mounts that somebody holds', async (context) => {
  const { volumes, uses, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('mounted').add('held').add('free');
  await volumes.mount('mounted', 'me');
  uses.get(acme.pluginId)?.push({ kind: 'mount', holder: 'held/somebody', since: new Date() });
  const names = async (dangling: boolean) =>
    (await volumes.list({ dangling })).volumes.map(({ name }) => name);
  assert.deepEqual(await names(false), ['held', 'mounted']);
  assert.deepEqual(await names(true), ['free']);
});

test('I12 list() shows a volume whose path leads out of the plugin without a path, with a warning', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.answers.set('List', () => ({ Volumes: [{ Name: 'bad', Mountpoint: '/escape' }, { Name: 'good' }] }));
  const list = await volumes.list();
  assert.deepEqual(
    list.volumes.map(({ name, mountpoint }) => [name, mountpoint]),
    [
      ['bad', ''],
      ['good', ''],
    ],
  );
  assert.deepEqual(list.warnings, ['list acme/p:latest: volume bad: leads out']);
  assert.deepEqual((await volumes.list({ names: [/good/] })).warnings, [], 'what is not shown needs no path');
});

test('list() leaves out names that would break a line or a terminal, and says so', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const names = ['', 'a\nb', '\u001b[31m', '\u202e', 'x'.repeat(191), 'good/name'];
  acme.answers.set('List', () => ({ Volumes: names.map((Name) => ({ Name })) }));
  const list = await volumes.list();
  assert.deepEqual(shown(list), ['good/name acme/p:latest']);
  assert.deepEqual(list.warnings, ['list acme/p:latest: left out volumes whose names cannot be shown: 5']);
});

test('list() that is cancelled fails with the reason', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const abort = new AbortController();
  acme.answers.set('List', () => {
    abort.abort();
    return 'never';
  });
  await assert.rejects(volumes.list({}, { signal: abort.signal }), { name: 'AbortError' });
});
