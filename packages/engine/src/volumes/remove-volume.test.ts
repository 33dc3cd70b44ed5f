import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../testing/volumes-fixture.ts';

const destroyed = { type: 'volume', action: 'destroy', id: 'data', attributes: { driver: 'acme/p:latest' } };

test('remove() removes the volume by its driver, lets the plugin go and announces it', async (context) => {
  const { volumes, announced, driver, reopen } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  await volumes.remove('data');
  assert.deepEqual([...acme.volumes], []);
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
  assert.deepEqual(announced.at(-1), destroyed);
  assert.deepEqual((await reopen()).referencesOf('acme/p:latest'), []);
});

test('remove() removes a volume that only its driver knows', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  await volumes.remove('data');
  assert.deepEqual([...acme.volumes], []);
  assert.deepEqual(announced, [destroyed]);
});

test('remove() and mount() refuse a name that several drivers have', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const [acme, other] = [await driver('acme/p:latest'), await driver('acme/other:latest')];
  for (const { volumes: names } of [acme, other]) names.add('data');
  const message =
    'several drivers have a volume of this name: acme/p:latest, acme/other:latest; create it with one of them to choose that';
  await assert.rejects(volumes.remove('data'), { kind: 'conflict', message: `get data: ${message}` });
  await assert.rejects(volumes.mount('data', 'me'), { kind: 'conflict', message: `mount data: ${message}` });
  await volumes.create({ name: 'data', driver: 'acme/other' });
  await volumes.remove('data');
  assert.deepEqual([[...acme.volumes], [...other.volumes]], [['data'], []]);
});

test('remove() of a volume of one driver awaits the others only up to the time limit', async (context) => {
  const { volumes, driver } = await openFixture(context, { surveyTimeoutMs: 2_000 });
  (await driver('acme/hung:latest')).answers.set('Get', () => 'never');
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  await volumes.remove('data');
  assert.deepEqual([...acme.volumes], []);
});

test('remove() of what is not there fails, and with force does not', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  await driver('acme/p:latest');
  await assert.rejects(volumes.remove('data'), { kind: 'not-found', message: 'get data: no such volume' });
  await volumes.remove('data', { force: true });
  assert.deepEqual(announced, []);
});

test('remove() that the driver refuses keeps the volume, and with force forgets it and tells all the same', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  acme.answers.set('Remove', () => ({ Err: 'held by a lease' }));
  const refused = { kind: 'system', message: 'remove data: held by a lease' };
  await assert.rejects(volumes.remove('data'), refused);
  assert.equal(volumes.referencesOf('acme/p:latest').length, 1);
  await assert.rejects(volumes.remove('data', { force: true }), refused);
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
});

test('remove() by force forgets a volume whose plugin is gone, which Docker cannot', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await driver('acme/other:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  acme.state = 'gone';
  await assert.rejects(volumes.remove('data'), {
    kind: 'not-found',
    message:
      'get data: error while checking if volume "data" exists in driver "acme/p:latest": ' +
      'error looking up volume plugin acme/p:latest: plugin "acme/p:latest" not found',
  });
  await volumes.remove('data', { force: true });
  assert.deepEqual(announced.at(-1), destroyed);
  assert.equal((await volumes.create({ name: 'data', driver: 'acme/other' })).driver, 'acme/other:latest');
});

test('remove() by force keeps a volume whose plugin is disabled: it can be enabled again', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  acme.state = 'disabled';
  await assert.rejects(volumes.remove('data', { force: true }), {
    kind: 'conflict',
    message: /found but disabled$/,
  });
  assert.equal(volumes.referencesOf('acme/p:latest').length, 1);
});

test('remove() of a volume that its driver lost forgets it, where Docker fails', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  acme.volumes.clear();
  await volumes.remove('data');
  assert.deepEqual(announced.at(-1), destroyed);
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
});

test('remove() is refused while the volume is mounted, also with force', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  await volumes.mount('data', 'one');
  await volumes.mount('data', 'two');
  for (const force of [false, true]) {
    await assert.rejects(volumes.remove('data', { force }), {
      kind: 'conflict',
      message: new RegExp(
        '^remove data: volume is in use - \\[one, two\\]: volume data mounted with ID one \\(since [^)]+\\), ' +
          'volume data mounted with ID two \\(since [^)]+\\)$',
      ),
    });
  }
  assert.deepEqual([...acme.volumes], ['data']);
  acme.volumes.clear();
  await assert.rejects(volumes.remove('data'), { code: 'in-use' });
});

test('remove() removes a volume whose driver tells odd things about it', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  const odd = { Name: 'data', CreatedAt: 'yesterday', Mountpoint: 7 };
  acme.answers.set('Get', () => ({ Volume: odd }));
  acme.answers.set('List', () => ({ Volumes: [{ Name: 5 }, odd] }));
  assert.equal((await volumes.inspect('data')).createdAt?.getUTCFullYear(), 2026, 'as it is remembered');
  await volumes.remove('data');
  assert.equal(acme.volumes.has('data'), false);
});

test('removeBy() lets another program remove a volume that nobody holds, and no other', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  const options = { driver: 'acme/p:latest' };
  await volumes.mount('data', 'web', options);
  const remove = async () => acme.volumes.delete('data');
  await assert.rejects(volumes.removeBy('data', options, remove), {
    code: 'in-use',
    message: /^remove data: volume is in use - \[web\]/,
  });
  assert.ok(acme.volumes.has('data'));
  await volumes.unmount('data', 'web', options);
  assert.equal(await volumes.removeBy('data', options, remove), true);
});
