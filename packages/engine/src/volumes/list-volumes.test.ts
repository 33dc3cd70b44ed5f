import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../testing/volumes-fixture.ts';
import type { VolumeList } from './volumes.ts';

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
  ['never answers', 'enabled', 'never', 'no answer within 2 s'],
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
  test(`list() shows the records of a driver that ${what}, with a warning, and all of the others`, async (context) => {
    const { volumes, driver } = await openFixture(context, { surveyTimeoutMs: 2_000 });
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

test('list() filters by mounts', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('mounted').add('held').add('free');
  await volumes.mount('mounted', 'me');
  await volumes.mount('held', 'holder', { driver: 'acme/p' });
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

test('list() shows a volume that its driver no longer lists, with a warning, until it is removed', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'lost', driver: 'acme/p', labels: new Map([['x', '1']]) });
  await volumes.create({ name: 'kept', driver: 'acme/p' });
  acme.volumes.delete('lost');
  const list = await volumes.list();
  assert.deepEqual(shown(list), ['kept acme/p:latest', 'lost acme/p:latest']);
  assert.match(list.warnings.join(), /^list acme\/p:latest: volume lost: its driver no longer lists it/);
  assert.deepEqual(shown(await volumes.list({ labels: ['x'] })), ['lost acme/p:latest']);
  assert.deepEqual(
    volumes.referencesOf('acme/p:latest').map(({ holder, note }) => [holder, note]),
    [
      ['lost', 'its driver no longer lists it'],
      ['kept', undefined],
    ],
  );
  await volumes.remove('lost');
  assert.deepEqual((await volumes.list()).warnings, []);
  assert.deepEqual(
    volumes.referencesOf('acme/p:latest').map(({ holder }) => holder),
    ['kept'],
  );
});

test('list() leaves out what is odd of a list, says so, and shows the rest', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.answers.set('List', () => ({
    Volumes: [
      { Name: 'a', CreatedAt: 'yesterday', Mountpoint: '/mnt/a' },
      { Name: 5 },
      'text',
      null,
      { Name: 'b', Mountpoint: 7 },
      { Name: 'c', CreatedAt: '2026-01-02T03:04:05Z', Status: [] },
    ],
  }));
  const list = await volumes.list();
  assert.deepEqual(
    list.volumes.map(({ name, mountpoint, createdAt }) => [name, mountpoint, createdAt?.getUTCFullYear()]),
    [
      ['a', '/host/mnt/a', undefined],
      ['b', '', undefined],
      ['c', '', 2026],
    ],
  );
  const expected = [
    /want "CreatedAt" to be an RFC 3339 time, got "yesterday"$/,
    /left out entry 2: want an object with a "Name" that is a string$/,
    /left out entry 3: /,
    /want "Mountpoint" to be a string, got 7$/,
    /left out volumes whose names cannot be shown: 1$/,
  ];
  assert.equal(list.warnings.length, expected.length, list.warnings.join('\n'));
  for (const [index, pattern] of expected.entries()) assert.match(list.warnings[index] ?? '', pattern);
});

test('list() bounds the number of warnings about one driver', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.answers.set('List', () => ({ Volumes: Array<object>(1000).fill({ Name: 1 }) }));
  const { warnings } = await volumes.list();
  assert.equal(warnings.length, 17);
  assert.equal(warnings.at(-1), 'and 984 more warnings');
});

test('list() takes a list of several MiB, and tells of one that is beyond bounds', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'mine', driver: 'acme/p' });
  const listOf = (count: number, length: number) => () => ({
    Volumes: Array.from({ length: count }, (_, index) => ({
      Name: `v${index}`,
      Status: { x: 'x'.repeat(length) },
    })),
  });
  acme.answers.set('List', listOf(3000, 1000));
  assert.equal((await volumes.list({ names: [/^v/] })).volumes.length, 3000);
  acme.answers.set('List', listOf(9, 1024 * 1024));
  const large = await volumes.list();
  assert.deepEqual(shown(large), ['mine acme/p:latest']);
  assert.match(large.warnings.join(), /reply is too large: want at most 8388608 bytes/);
  acme.answers.set('List', listOf(65_537, 0));
  const many = await volumes.list({ names: [/^v/] });
  assert.equal(many.volumes.length, 65_536);
  assert.match(many.warnings.join(), /left out volumes beyond 65536: 1/);
});

test('a driver is asked for its capabilities once, and for a path only when a volume is inspected', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.answers.set('Get', ({ Name = '' }) =>
    acme.volumes.has(Name) ? { Volume: { Name } } : { Err: 'none' },
  );
  acme.answers.set('List', () => ({ Volumes: [...acme.volumes].map((Name) => ({ Name })) }));
  const count = (method: string) => acme.calls.filter((call) => call.split(' ')[0] === method).length;
  await volumes.create({ name: 'a', driver: 'acme/p' });
  await volumes.create({ name: 'b', driver: 'acme/p' });
  await volumes.list();
  assert.deepEqual([count('Capabilities'), count('Path')], [1, 0]);
  const { scope, mountpoint } = await volumes.inspect('a');
  assert.deepEqual(
    [scope, mountpoint, count('Capabilities'), count('Path')],
    ['global', '/host/mnt/a', 1, 1],
  );
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

test('list() asks a bounded number of drivers at once, and all of them', async (context) => {
  const { volumes, driver } = await openFixture(context);
  let [running, most] = [0, 0];
  const names = Array.from({ length: 24 }, (_, index) => `acme/p${index}:latest`);
  for (const name of names) {
    const { answers } = await driver(name);
    answers.set('List', async () => {
      running += 1;
      most = Math.max(most, running);
      // Long enough for every call that is not held back.
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      running -= 1;
      return { Volumes: [{ Name: `of ${name}` }] };
    });
  }
  const list = await volumes.list();
  assert.equal(list.volumes.length, names.length);
  assert.deepEqual(list.warnings, []);
  assert.ok(most <= 16, `asked ${most} at once`);
});

test('list() and the search of a volume reach a driver behind many that hang', async (context) => {
  const { volumes, driver } = await openFixture(context, { surveyTimeoutMs: 3_000 });
  for (let index = 0; index < 20; index += 1) {
    const { answers } = await driver(`acme/hung${index}:latest`);
    for (const method of ['List', 'Get']) answers.set(method, () => 'never');
  }
  (await driver('acme/last:latest')).volumes.add('data');
  const [list, found] = await Promise.all([volumes.list(), volumes.inspect('data')]);
  assert.deepEqual(shown(list), ['data acme/last:latest']);
  assert.equal(list.warnings.length, 20);
  assert.equal(found.driver, 'acme/last:latest');
});
