/**
 * The client of IpamDriver 1.0. IPAM drivers report failures in `Error`, unlike all others; `Err` is read as well.
 * @see moby daemon/libnetwork/ipams/remote (28.x)
 */
import { OutboardError } from '@outboard/oci';
import { callOptional } from '../../calls/plugin-answer.ts';
import type { PluginClient } from '../../calls/plugin-client.ts';
import { callsOf, method, query } from '../driver-calls.ts';
import { cidrForm, isAddress, isCidr } from '../network-addresses.ts';
import type { IpamCapabilities, IpamDriver } from './ipam-driver.ts';

const rules = {
  GetCapabilities: query,
  GetDefaultAddressSpaces: query,
  RequestPool: method,
  ReleasePool: method,
  RequestAddress: method,
  ReleaseAddress: method,
} as const;

/** The IPAM driver that a plugin implements. The caller disposes the client. */
export function createIpamDriver(client: PluginClient): IpamDriver {
  const call = callsOf(client, 'IpamDriver', rules);
  return {
    capabilities(given) {
      const read = async (): Promise<IpamCapabilities> => {
        const reply = await call('GetCapabilities', undefined, given);
        return {
          requiresMacAddress: reply.boolean('RequiresMACAddress'),
          requiresRequestReplay: reply.boolean('RequiresRequestReplay'),
        };
      };
      return callOptional(read, { requiresMacAddress: false, requiresRequestReplay: false });
    },
    async defaultAddressSpaces(given) {
      const reply = await call('GetDefaultAddressSpaces', undefined, given);
      return {
        local: reply.text('LocalDefaultAddressSpace'),
        global: reply.text('GlobalDefaultAddressSpace'),
      };
    },
    async requestPool(request, given) {
      const { addressSpace, pool = '', subPool = '', options = {}, isIpv6 = false } = request;
      if (subPool !== '' && pool === '') {
        throw new OutboardError('invalid', `sub-pool ${JSON.stringify(subPool)}: want its pool as well`);
      }
      const fields = {
        AddressSpace: addressSpace,
        Pool: pool,
        SubPool: subPool,
        Options: options,
        V6: isIpv6,
      };
      const reply = await call('RequestPool', fields, given);
      return {
        poolId: reply.text('PoolID'),
        pool: required('RequestPool', 'Pool', reply.formed('Pool', cidrForm, isCidr)),
        data: reply.textMap('Data'),
      };
    },
    async releasePool(poolId, given) {
      await call('ReleasePool', { PoolID: poolId }, given);
    },
    async requestAddress({ poolId, address = '', options = {} }, given) {
      const fields = { PoolID: poolId, Address: address, Options: options };
      const reply = await call('RequestAddress', fields, given);
      return {
        address: required('RequestAddress', 'Address', reply.formed('Address', cidrForm, isCidr)),
        data: reply.textMap('Data'),
      };
    },
    async releaseAddress(poolId, address, given) {
      if (!isAddress(address)) {
        const message = `address ${JSON.stringify(address)}: want one without a prefix length, such as "10.0.0.2"`;
        throw new OutboardError('invalid', message);
      }
      await call('ReleaseAddress', { PoolID: poolId, Address: address }, given);
    },
  };
}

function required(name: string, field: string, value: string): string {
  if (value !== '') return value;
  const message = `IpamDriver.${name}: malformed reply: want ${JSON.stringify(field)} to be ${cidrForm}, got nothing`;
  throw new OutboardError('system', message, { code: 'plugin-reply-malformed' });
}
