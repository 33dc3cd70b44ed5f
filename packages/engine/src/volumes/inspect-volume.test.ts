import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../testing/volumes-fixture.ts';

test('inspect() tells what the driver tells, with host path and status', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p', labels: new Map([['a', '1']]) });
  const CreatedAt = '2020-05-06T07:08:09+02:00';
  acme.answers.set('Get', () => ({ Volume: { Name: 'data', CreatedAt, Status: { healthy: true } } }));
  assert.deepEqual(await volumes.inspect('data'), {
    name: 'data',
    driver: 'acme/p:latest',
    mountpoint: '/host/mnt/data',
    scope: 'global',
    createdAt: new Date(CreatedAt),
    labels: new Map([['a', '1']]),
    status: { healthy: true },
  });
  assert.ok(acme.calls.includes('Path data'), 'a driver that tells no mountpoint is asked for the path');
});

test('inspect() finds a volume that only its driver knows, without taking it over', async (context) => {
  const { volumes, driver } = await openFixture(context);
  await driver('acme/other:latest');
  (await driver('acme/p:latest')).volumes.add('data');
  assert.equal((await volumes.inspect('data')).driver, 'acme/p:latest');
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
});

test('a driver that never answers does not delay calls to another one', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const hung = await driver('acme/hung:latest');
  for (const method of ['Get', 'List', 'Capabilities']) hung.answers.set(method, () => 'never');
  (await driver('acme/p:latest')).volumes.add('known');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  assert.equal((await volumes.inspect('data')).name, 'data');
  assert.equal((await volumes.inspect('known')).name, 'known');
  await volumes.remove('data');
});

test('inspect() of a name that no driver confirms in time fails with not-found', async (context) => {
  const { volumes, driver } = await openFixture(context, { surveyTimeoutMs: 2_000 });
  (await driver('acme/hung:latest')).answers.set('Get', () => 'never');
  await assert.rejects(volumes.inspect('data'), { kind: 'not-found', message: 'get data: no such volume' });
});

test('inspect() deletes the record of a volume that its driver no longer has', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  for (const [name, answer] of [
    ['error', { failed: true, Err: 'no such volume' }],
    ['null', { Volume: null }],
  ] as const) {
    await volumes.create({ name, driver: 'acme/p' });
    acme.volumes.delete(name);
    acme.answers.set('Get', () => answer);
    await assert.rejects(volumes.inspect(name), {
      kind: 'not-found',
      message: `get ${name}: no such volume`,
    });
    assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
    acme.answers.delete('Get');
  }
});

test('inspect() keeps labels when Get fails but the driver still lists the volume', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p', labels: new Map([['a', '1']]) });
  acme.answers.set('Get', () => ({ failed: true, Err: 'backend is away' }));
  assert.deepEqual((await volumes.inspect('data')).labels, new Map([['a', '1']]));
  acme.answers.set('List', () => ({ failed: true, Err: 'backend is away' }));
  await assert.rejects(volumes.inspect('data'), {
    kind: 'system',
    message:
      'get data: error while checking if volume "data" exists in driver "acme/p:latest": VolumeDriver.Get: backend is away',
  });
  assert.equal(volumes.referencesOf('acme/p:latest').length, 1);
});

test('I12 inspect() refuses a path outside of the plugin', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.answers.set('Get', () => ({ Volume: { Name: 'data', Mountpoint: '/escape' } }));
  await assert.rejects(volumes.inspect('data'), { code: 'path-escapes', message: 'get data: leads out' });
});

test('inspect() fails with the reason while the plugin is disabled or removed', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  const words = 'get data: error while checking if volume "data" exists in driver "acme/p:latest": ';
  const lookUp = 'error looking up volume plugin acme/p:latest: ';
  acme.state = 'disabled';
  await assert.rejects(volumes.inspect('data'), {
    kind: 'conflict',
    message: `${words}${lookUp}plugin acme/p:latest found but disabled`,
  });
  acme.state = 'gone';
  await assert.rejects(volumes.inspect('data'), {
    kind: 'not-found',
    message: `${words}${lookUp}plugin "acme/p:latest" not found`,
  });
  acme.state = 'enabled';
  assert.equal((await volumes.inspect('data')).name, 'data', 'nothing was forgotten');
});
