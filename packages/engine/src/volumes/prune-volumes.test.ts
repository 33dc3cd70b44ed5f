import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixture } from '../testing/volumes-fixture.ts';

test('prune() removes unused anonymous volumes only, and announces it', async (context) => {
  const { volumes, announced, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('of another host');
  await volumes.create({ name: 'named', driver: 'acme/p' });
  const [used, unused] = [
    await volumes.create({ driver: 'acme/p' }),
    await volumes.create({ driver: 'acme/p' }),
  ];
  await volumes.mount(used.name, 'me');
  assert.deepEqual(await volumes.prune(), [unused.name]);
  assert.deepEqual([...acme.volumes].sort(), ['named', 'of another host', used.name].sort());
  assert.deepEqual(announced.slice(-2), [
    { type: 'volume', action: 'destroy', id: unused.name, attributes: { driver: 'acme/p:latest' } },
    { type: 'volume', action: 'prune', id: '', attributes: { reclaimed: '0' } },
  ]);
});

test('prune() of all removes named volumes too, but never what was not created here', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  acme.volumes.add('of another host');
  for (const name of ['b', 'a']) await volumes.create({ name, driver: 'acme/p' });
  assert.deepEqual(await volumes.prune({ all: true }), ['a', 'b']);
  assert.deepEqual([...acme.volumes], ['of another host']);
});

test('prune() keeps to its label filters', async (context) => {
  const { volumes, driver } = await openFixture(context);
  await driver('acme/p:latest');
  const labels = (text: string) => new Map([['team', text]]);
  await volumes.create({ name: 'a', driver: 'acme/p', labels: labels('a') });
  await volumes.create({ name: 'b', driver: 'acme/p', labels: labels('b') });
  await volumes.create({ name: 'c', driver: 'acme/p' });
  assert.deepEqual(await volumes.prune({ all: true, labels: ['team'], excludedLabels: ['team=b'] }), ['a']);
  assert.deepEqual(await volumes.prune({ all: true, excludedLabels: ['team'] }), ['c']);
});

test('prune() continues when a driver refuses, and leaves out one that is away', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  const off = await driver('acme/off:latest');
  for (const name of ['a', 'b']) await volumes.create({ name, driver: 'acme/p' });
  await volumes.create({ name: 'c', driver: 'acme/off' });
  off.state = 'disabled';
  acme.answers.set('Remove', ({ Name = '' }) => (Name === 'a' ? { Err: 'held by a lease' } : {}));
  assert.deepEqual(await volumes.prune({ all: true }), ['b']);
  assert.equal(volumes.referencesOf('acme/off:latest').length, 1);
});

test('prune() is refused while another one runs', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'a', driver: 'acme/p' });
  const refusals: Promise<void>[] = [];
  acme.answers.set('Remove', () => {
    const message = 'a prune operation is already running';
    refusals.push(assert.rejects(volumes.prune(), { kind: 'conflict', message }));
    return {};
  });
  await volumes.prune({ all: true });
  assert.equal(refusals.length, 1);
  await Promise.all(refusals);
  assert.deepEqual(await volumes.prune(), [], 'the next one may run');
});

test('prune() removes the records of volumes that their driver lost', async (context) => {
  const { volumes, driver } = await openFixture(context);
  const acme = await driver('acme/p:latest');
  await volumes.create({ name: 'lost', driver: 'acme/p' });
  acme.volumes.clear();
  assert.deepEqual(await volumes.prune({ all: true }), ['lost']);
  assert.deepEqual(volumes.referencesOf('acme/p:latest'), []);
});
