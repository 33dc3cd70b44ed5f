/** The typed client of IPAM drivers, with a driver in a container. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createIpamDriver, type IpamDriver } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { useProtocolPlugin } from './protocol-plugin.ts';

const plugin = useProtocolPlugin('ipamdriver');

async function findDriver(): Promise<IpamDriver> {
  return createIpamDriver((await plugin().driver('ipamdriver')).client);
}

describe('an IPAM driver in a container', { skip: needsRoot }, () => {
  test('reports its requirements and the source of its pools', async () => {
    const driver = await findDriver();
    assert.deepEqual(await driver.capabilities(), { requiresMacAddress: true, requiresRequestReplay: true });
    assert.deepEqual(await driver.defaultAddressSpaces(), { local: 'near', global: 'far' });
    assert.deepEqual(await plugin().calls(), [
      { method: 'IpamDriver.GetCapabilities', body: undefined },
      { method: 'IpamDriver.GetDefaultAddressSpaces', body: undefined },
    ]);
  });

  for (const behaviour of ['missing', 'err-500', 'error-200', 'malformed', 'null']) {
    test(`requires nothing when it answers ${behaviour} to the request for its requirements`, async () => {
      const driver = await findDriver();
      await plugin().behave('IpamDriver.GetCapabilities', behaviour);
      assert.deepEqual(await driver.capabilities(), {
        requiresMacAddress: false,
        requiresRequestReplay: false,
      });
    });
  }

  test('allocates and releases pools and addresses with Docker’s requests', async () => {
    const driver = await findDriver();
    await plugin().calls();
    const pool = await driver.requestPool({
      addressSpace: 'near',
      pool: '10.0.0.0/16',
      subPool: '10.0.1.0/24',
      options: { a: 'b' },
    });
    assert.deepEqual(
      { ...pool, data: [...pool.data] },
      {
        poolId: 'pool-1',
        pool: '10.0.0.0/16',
        data: [['com.docker.network.gateway', '10.0.0.1/16']],
      },
    );
    await driver.requestPool({ addressSpace: 'near', isIpv6: true });
    const lease = await driver.requestAddress({ poolId: pool.poolId });
    assert.deepEqual({ ...lease, data: [...lease.data] }, { address: '10.0.0.2/16', data: [] });
    await driver.requestAddress({
      poolId: 'pool-1',
      address: '10.0.0.9',
      options: { RequestAddressType: 'x' },
    });
    await driver.releaseAddress('pool-1', '10.0.0.2');
    await driver.releasePool('pool-1');
    assert.deepEqual(await plugin().calls(), [
      {
        method: 'IpamDriver.RequestPool',
        body: {
          AddressSpace: 'near',
          Pool: '10.0.0.0/16',
          SubPool: '10.0.1.0/24',
          Options: { a: 'b' },
          V6: false,
        },
      },
      {
        method: 'IpamDriver.RequestPool',
        body: { AddressSpace: 'near', Pool: '', SubPool: '', Options: {}, V6: true },
      },
      { method: 'IpamDriver.RequestAddress', body: { PoolID: 'pool-1', Address: '', Options: {} } },
      {
        method: 'IpamDriver.RequestAddress',
        body: { PoolID: 'pool-1', Address: '10.0.0.9', Options: { RequestAddressType: 'x' } },
      },
      { method: 'IpamDriver.ReleaseAddress', body: { PoolID: 'pool-1', Address: '10.0.0.2' } },
      { method: 'IpamDriver.ReleasePool', body: { PoolID: 'pool-1' } },
    ]);
  });

  test('is not called for impossible requests', async () => {
    const driver = await findDriver();
    await plugin().calls();
    await assert.rejects(driver.requestPool({ addressSpace: 'near', subPool: '10.0.1.0/24' }), {
      kind: 'invalid',
    });
    await assert.rejects(driver.releaseAddress('pool-1', '10.0.0.2/16'), { kind: 'invalid' });
    assert.deepEqual(await plugin().calls(), []);
  });

  for (const behaviour of ['error-200', 'err-200', 'err-500', 'text-500']) {
    test(`fails with ${behaviour}: Docker would take Err with status 200 as success`, async () => {
      const driver = await findDriver();
      await plugin().behave('IpamDriver.ReleasePool', behaviour);
      await assert.rejects(driver.releasePool('pool-1'), {
        code: 'plugin-error',
        message: 'IpamDriver.ReleasePool: the driver says no',
      });
    });
  }

  for (const Address of ['', null, '10.0.0.2', '10.0.0.2/33', 'no', 7]) {
    test(`is refused with the address ${JSON.stringify(Address)}`, async () => {
      const driver = await findDriver();
      await plugin().behave('IpamDriver.RequestAddress', 'ok', { Address });
      await assert.rejects(driver.requestAddress({ poolId: 'pool-1' }), {
        code: 'plugin-reply-malformed',
        message: /want "Address" to be an? /,
      });
    });
  }

  test('is refused without a pool, and with data that is not text', async () => {
    const driver = await findDriver();
    await plugin().behave('IpamDriver.RequestPool', 'ok', { PoolID: 'p' });
    await assert.rejects(driver.requestPool({ addressSpace: 'near' }), {
      message: /want "Pool" to be .*, got nothing$/,
    });
    await plugin().behave('IpamDriver.RequestPool', 'ok', {
      PoolID: 'p',
      Pool: '10.0.0.0/8',
      Data: { a: 1 },
    });
    await assert.rejects(driver.requestPool({ addressSpace: 'near' }), {
      message: /want "Data" to be an object of strings/,
    });
  });
});
