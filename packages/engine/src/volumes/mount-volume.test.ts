import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../testing/volumes-fixture.ts';

test('mount() returns the path on the host and adds a reference to the plugin until unmount()', async (context) => {
  const { volumes, holders, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  const held = () => holders(acme);
  assert.equal(await volumes.mount('data', 'me'), '/host/mnt/data');
  assert.deepEqual(held(), ['data/me']);
  await volumes.unmount('data', 'me');
  assert.deepEqual(held(), []);
  assert.deepEqual(
    announced.slice(-2).map(({ action, id, attributes }) => [action, id, attributes]),
    [
      ['mount', 'data', { driver: 'acme/p:latest' }],
      ['unmount', 'data', { driver: 'acme/p:latest' }],
    ],
  );
});

test('mounts of one ID are counted, and reach the driver once', async (context) => {
  const { volumes, holders, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  await volumes.mount('data', 'me');
  await volumes.mount('data', 'me');
  await volumes.unmount('data', 'me');
  assert.equal(holders(acme).length, 1);
  await volumes.unmount('data', 'me');
  assert.equal(holders(acme).length, 0);
  const calls = acme.calls.filter((call) => /^(Mount|Unmount) /.test(call));
  assert.deepEqual(calls, ['Mount data', 'Unmount data']);
});

test('a mount by hand is held once, however often it is repeated, and names its consumer', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  const consumer = { program: 'outboard', unit: 'web.service', isByHand: true };
  const paths = [
    await volumes.mount('data', 'web', { consumer }),
    await volumes.mount('data', 'web', { consumer }),
  ];
  assert.deepEqual(paths, ['/host/mnt/data', '/host/mnt/data']);
  const mounts = volumes.referencesOf(acme.name).map((reference) => [reference.holder, reference.consumer]);
  assert.deepEqual(mounts, [['data/web', consumer]]);
  await volumes.unmount('data', 'web');
  assert.deepEqual(volumes.referencesOf(acme.name), []);
  await volumes.unmount('data', 'web');
  const calls = acme.calls.filter((call) => /^(Mount|Unmount) /.test(call));
  assert.deepEqual(calls, ['Mount data', 'Unmount data']);
  await assert.rejects(volumes.mount('data', 'a/b', { consumer, driver: acme.name }), { kind: 'invalid' });
});

test('unmount() of a volume that nobody holds succeeds, also while its plugin is disabled', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  acme.state = 'disabled';
  await volumes.unmount('data', 'me');
  assert.ok(!acme.calls.includes('Unmount data'));
});

test('unmount() after a restart of the engine removes the reference to the plugin', async (context) => {
  const { volumes, holders, driver, reopen } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'data', driver: 'acme/p' });
  await volumes.mount('data', 'me');
  await (await reopen()).unmount('data', 'me');
  assert.equal(holders(acme).length, 0);
});

test('a mount that fails leaves no reference', async (context) => {
  const { volumes, holders, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('data');
  acme.answers.set('Mount', () => ({ Err: 'device is busy' }));
  await assert.rejects(volumes.mount('data', 'me'), {
    kind: 'system',
    message: 'mount data: device is busy',
  });
  assert.equal(holders(acme).length, 0);
  assert.ok(!acme.calls.includes('Unmount data'), 'Unmount was called for a mount that failed');
});

for (const [what, mountpoint, message] of [
  ['I12 leads out of the plugin', '/escape', 'mount data: leads out'],
  ['is not reported', '', 'mount data: the driver does not report where it mounted the volume'],
] as const) {
  test(`a mount whose path ${what} is undone`, async (context) => {
    const { volumes, holders, driver } = await openFixture(context);
    const acme = await driver('acme/p:latest');
    acme.volumes.add('data');
    for (const method of ['Mount', 'Path']) acme.answers.set(method, () => ({ Mountpoint: mountpoint }));
    await assert.rejects(volumes.mount('data', 'me'), { kind: 'system', message });
    assert.equal(holders(acme).length, 0);
    assert.ok(acme.calls.includes('Unmount data'), 'the driver still has it mounted');
  });
}

test('mount() of a volume that does not exist fails with not-found', async (context) => {
  const { volumes, driver } = await openFixture(context);
  await driver('acme/p:latest');
  await assert.rejects(volumes.mount('data', 'me'), {
    kind: 'not-found',
    message: 'mount data: no such volume',
  });
  await assert.rejects(volumes.unmount('data', 'me'), { kind: 'not-found' });
});

for (const id of ['', 'a/b', 'a\nb', ' a', 'x'.repeat(65)]) {
  test(`mount() refuses the ID ${JSON.stringify(id.slice(0, 10))}`, async (context) => {
    const { volumes } = await openFixture(context);
    await assert.rejects(volumes.mount('data', id), { kind: 'invalid', message: /^invalid mount ID/ });
    await assert.rejects(volumes.unmount('data', id), { kind: 'invalid', message: /^invalid mount ID/ });
  });
}
