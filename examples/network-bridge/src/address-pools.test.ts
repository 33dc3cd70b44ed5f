import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AddressPools } from './address-pools.ts';
import { formatAddress, parseAddress, parseRange } from './ipv4.ts';

const options = new Map<string, string>();
const space = { addressSpace: 'local', options, isIpv6: false };
const endpoint = { purpose: 'endpoint', options } as const;
const gateway = { purpose: 'gateway', options } as const;

async function openPools(context: TestContext, range: string) {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-pools-'));
  context.after(() => rm(directory, { recursive: true }));
  const open = () => AddressPools.open({ file: join(directory, 'pools.json'), range: parseRange(range) });
  return { pools: await open(), open };
}

test('AddressPools gives another pool for each request, and none when all are in use', async (context) => {
  const { pools } = await openPools(context, '10.0.0.0/23');
  const given = [await pools.requestPool(space), await pools.requestPool(space)];
  assert.deepEqual(
    given.map(({ pool }) => pool),
    ['10.0.0.0/24', '10.0.1.0/24'],
  );
  await assert.rejects(pools.requestPool(space), /all pools of "10\.0\.0\.0\/23" are in use/);
  await pools.releasePool('10.0.0.0/24,10.0.0.0/24');
  assert.equal((await pools.requestPool(space)).pool, '10.0.0.0/24');
});

test('AddressPools gives each address once, also after a restart', async (context) => {
  const { pools, open } = await openPools(context, '10.0.0.0/16');
  const { poolId } = await pools.requestPool({ ...space, pool: '10.9.0.0/29', subPool: '10.9.0.4/30' });
  assert.equal(await pools.requestAddress({ poolId, ...gateway, address: '10.9.0.1' }), '10.9.0.1/29');
  assert.equal(await pools.requestAddress({ poolId, ...endpoint }), '10.9.0.4/29');
  const again = await open();
  await assert.rejects(
    again.requestAddress({ poolId, ...endpoint, address: '10.9.0.4' }),
    /"10\.9\.0\.4" is in use/,
  );
  assert.equal(await again.requestAddress({ poolId, ...endpoint }), '10.9.0.5/29');
  assert.equal(await again.requestAddress({ poolId, ...endpoint }), '10.9.0.6/29');
  await assert.rejects(again.requestAddress({ poolId, ...endpoint }), /all addresses of "10\.9\.0\.4\/30"/);
  await again.releaseAddress(poolId, '10.9.0.5');
  assert.equal(await again.requestAddress({ poolId, ...endpoint }), '10.9.0.5/29');
});

for (const [name, request, reason] of [
  ['a pool that overlaps another one', { pool: '10.9.0.0/28' }, /overlaps "10\.9\.0\.0\/29"/],
  [
    'a range outside of its pool',
    { pool: '10.8.0.0/24', subPool: '10.7.0.0/25' },
    /not within "10\.8\.0\.0\/24"/,
  ],
  ['IPv6', { isIpv6: true }, /no IPv6 pools/],
  ['text', { pool: '10.8.0/24' }, /address "10\.8\.0": want IPv4/],
  ['a prefix length of 31', { pool: '10.8.0.0/31' }, /prefix length from 1 to 30/],
] as const) {
  test(`AddressPools refuses ${name}`, async (context) => {
    const { pools } = await openPools(context, '10.0.0.0/16');
    await pools.requestPool({ ...space, pool: '10.9.0.0/29' });
    await assert.rejects(pools.requestPool({ ...space, ...request }), reason);
  });
}

for (const address of ['10.9.0.0', '10.9.0.7', '10.9.1.1', 'x'])
  test(`AddressPools refuses the address ${address} in 10.9.0.0/29`, async (context) => {
    const { pools } = await openPools(context, '10.0.0.0/16');
    const { poolId } = await pools.requestPool({ ...space, pool: '10.9.0.0/29' });
    await assert.rejects(
      pools.requestAddress({ poolId, ...endpoint, address }),
      /is none of a host|want IPv4/,
    );
  });

test('the same pool is released as often as it was requested', async (context) => {
  const { pools } = await openPools(context, '10.0.0.0/16');
  const { poolId } = await pools.requestPool({ ...space, pool: '10.9.0.0/24' });
  assert.equal((await pools.requestPool({ ...space, pool: '10.9.0.0/24' })).poolId, poolId);
  await pools.releasePool(poolId);
  await pools.requestAddress({ poolId, ...endpoint });
  await pools.releasePool(poolId);
  await pools.releasePool(poolId);
  await assert.rejects(pools.requestAddress({ poolId, ...endpoint }), /there is no pool/);
});

test('formatAddress() undoes parseAddress()', () => {
  for (const address of ['0.0.0.0', '10.0.0.255', '255.255.255.255'])
    assert.equal(formatAddress(parseAddress(address)), address);
});
