import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../testing/volumes-fixture.ts';

const created = { type: 'volume', action: 'create', id: 'data', attributes: { driver: 'acme/p:latest' } };

test('create() asks the driver, remembers labels and options, and announces it', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const labels = new Map([['team', 'a']]);
  const options = new Map([['size', '1g']]);
  const volume = await volumes.create({ name: 'data', driver: 'acme/p', labels, options });
  const createdAt = new Date('2026-01-02T03:04:05Z');
  const expected = {
    name: 'data',
    driver: 'acme/p:latest',
    mountpoint: '/host/mnt/data',
    scope: 'global',
    createdAt,
    labels,
    options,
  };
  assert.deepEqual(volume, expected);
  assert.deepEqual(announced, [created]);
  assert.deepEqual(acme.calls.slice(0, 2), ['Get data', 'Create data']);
});

test('create() passes the options on, those named __proto__ too', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const asked: unknown[] = [];
  acme.answers.set('Create', ({ Opts }) => {
    asked.push(Opts);
    return {};
  });
  await volumes.create({ name: 'data', driver: 'acme/p', options: new Map([['__proto__', 'x']]) });
  assert.deepEqual(asked, [JSON.parse('{"__proto__":"x"}')]);
});

for (const Volume of [{}, { Name: '' }, { Name: null, Mountpoint: '' }, null]) {
  test(`create() takes the answer ${JSON.stringify({ Volume })} of Get for "there is none"`, async (context) => {
    const { volumes, driver } = await openFixture(context);
    const acme = await driver('acme/p:latest');
    acme.answers.set('Get', () => ({ Volume }));
    await volumes.create({ name: 'data', driver: 'acme/p' });
    assert.ok(acme.calls.includes('Create data'), `Create was not called: ${acme.calls}`);
  });
}

for (const name of ['.', '..', '/abs', 'a/', 'a//b', '../a', 'a/./b', 'a/..']) {
  test(`create() refuses the name ${JSON.stringify(name)}, which no client could ask for again`, async (context) => {
    const { volumes, driver } = await openFixture(context);
    await driver('acme/p:latest');
    await assert.rejects(volumes.create({ name, driver: 'acme/p' }), {
      kind: 'invalid',
      message: /^(create .*: )?invalid volume name .*: want no "\/" at its ends/,
    });
    assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
  });
}

test('create() again returns the volume of the first call, and calls Create once', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const first = await volumes.create({ name: 'data', driver: 'acme/p', labels: new Map([['a', '1']]) });
  for (const request of [{ driver: 'acme/p' }, {}, { driver: 'acme/p', labels: new Map([['b', '2']]) }]) {
    assert.deepEqual(await volumes.create({ name: 'data', ...request }), first);
  }
  assert.equal(acme.calls.filter((call) => call === 'Create data').length, 1);
  assert.deepEqual(announced, [created]);
});

test('create() of one name at the same time creates it once', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const request = { name: 'data', driver: 'acme/p:latest' };
  const all = await Promise.all([1, 2, 3, 4].map(() => volumes.create(request)));
  assert.deepEqual(new Set(all.map(({ name }) => name)), new Set(['data']));
  assert.equal(acme.calls.filter((call) => call === 'Create data').length, 1);
  assert.deepEqual(announced, [created]);
});

test('create() without a name generates one and labels the volume as anonymous', async (context) => {
  const { volumes, driver } = await openFixture(context);
  await driver('acme/p:latest');
  const { name, labels } = await volumes.create({ driver: 'acme/p', labels: new Map([['a', '1']]) });
  assert.match(name, /^[0-9a-f]{64}$/);
  assert.deepEqual(
    [...(labels ?? [])],
    [
      ['a', '1'],
      ['com.docker.volume.anonymous', ''],
    ],
  );
});

test('create() takes over a volume that only its driver knows, with the labels of the request', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  const labels = new Map([['a', '1']]);
  assert.deepEqual((await volumes.create({ name: 'data', driver: 'acme/p', labels })).labels, labels);
  assert.deepEqual(announced, [created]);
  assert.ok(!acme.calls.includes('Create data'), `Create was called: ${acme.calls}`);
});

test('create() without a driver returns a volume that any driver knows, and leaves it alone', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  await driver('acme/other:latest');
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  const volume = await volumes.create({ name: 'data' });
  assert.deepEqual([volume.driver, volume.labels], ['acme/p:latest', undefined]);
  assert.deepEqual(announced, []);
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
});

test('create() of a volume that its driver lost creates it again', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p', labels: new Map([['a', '1']]) });
  acme.volumes.clear();
  assert.equal((await volumes.create({ name: 'data', driver: 'acme/p' })).labels, undefined);
  assert.deepEqual([...acme.volumes], ['data']);
});

test('create() succeeds when the driver cannot describe the new volume', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.answers.set('List', () => ({ failed: true, Err: 'broken' }));
  acme.answers.set('Get', () => ({ failed: true, Err: 'broken' }));
  const { name, mountpoint } = await volumes.create({ name: 'data', driver: 'acme/p' });
  assert.deepEqual([name, mountpoint], ['data', '']);
  assert.equal(volumes.referencesOf('acme/p:latest').length, 1);
});

test('a volume that is being created holds its plugin already, and no more once that failed', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const holders: string[] = [];
  acme.answers.set('Create', () => {
    holders.push(...volumes.referencesOf('acme/p:latest').map(({ kind, holder }) => `${kind} ${holder}`));
    return { Err: 'out of space' };
  });
  await assert.rejects(volumes.create({ name: 'data', driver: 'acme/p' }), {
    kind: 'system',
    message: 'create data: out of space',
  });
  assert.deepEqual(holders, ['volume data']);
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
});

test('create() that is cancelled leaves no record', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const abort = new AbortController();
  acme.answers.set('Create', () => {
    abort.abort();
    return 'never';
  });
  await assert.rejects(volumes.create({ name: 'data', driver: 'acme/p', signal: abort.signal }), {
    name: 'AbortError',
  });
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
});

const refused: readonly [what: string, request: object, kind: string, message: string][] = [
  [
    'another driver',
    { driver: 'acme/other' },
    'conflict',
    "create data: driver 'acme/p:latest' already has volume 'data': volume name must be unique",
  ],
  [
    "Docker's default driver",
    { driver: 'local' },
    'conflict',
    "create data: driver 'acme/p:latest' already has volume 'data': volume name must be unique",
  ],
  [
    'a driver that is not there',
    { driver: 'nope' },
    'not-found',
    'create data: error looking up volume plugin nope: plugin "nope" not found',
  ],
  [
    'no driver, and no volume of that name',
    { name: 'new' },
    'not-found',
    'create new: error looking up volume plugin local: plugin "local" not found',
  ],
  [
    'a disabled driver',
    { name: 'new', driver: 'acme/off' },
    'conflict',
    'create new: error looking up volume plugin acme/off: plugin acme/off found but disabled',
  ],
  [
    'a name that cannot be shown',
    { name: 'a\nb', driver: 'acme/p' },
    'invalid',
    'invalid volume name "a\\nb": want 1 to 190 printable characters, no space around them',
  ],
];
for (const [what, request, kind, message] of refused) {
  test(`create() refuses ${what}`, async (context) => {
    const { volumes, driver } = await openFixture(context);
    await driver('acme/p:latest');
    await driver('acme/other:latest');
    (await driver('acme/off:latest')).state = 'disabled';
    await volumes.create({ name: 'data', driver: 'acme/p' });
    await assert.rejects(volumes.create({ name: 'data', ...request }), { kind, message });
  });
}

test('create() of a recorded name is refused while its driver cannot be called', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  acme.state = 'gone';
  await assert.rejects(volumes.create({ name: 'data' }), {
    kind: 'conflict',
    message:
      "create data: found reference to volume 'data' in driver 'acme/p:latest', but got an error while checking the " +
      'driver: error while checking if volume "data" exists in driver "acme/p:latest": error looking up volume ' +
      'plugin acme/p:latest: plugin "acme/p:latest" not found: volume name must be unique',
  });
});
