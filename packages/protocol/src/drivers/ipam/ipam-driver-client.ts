/**
 * The client of IpamDriver 1.0. IPAM drivers report failures in `Error`, unlike all others; `Err` is read as well.
 * @see moby daemon/libnetwork/ipams/remote (28.x)
 */
import { OutboardError } from '@outboard/oci';
import { callOptional } from '../../calls/plugin-answer.ts';
import type { PluginClient } from '../../calls/plugin-client.ts';
import { callsOf, method, query } from '../driver-calls.ts';
import { isAddress } from '../network-addresses.ts';
import {
  addressPoolCodec,
  addressSpacesCodec,
  capabilitiesCodec,
  leasedAddressCodec,
} from './ipam-documents.ts';
import type { IpamDriver } from './ipam-driver.ts';

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
      const read = async () => (await call('GetCapabilities', undefined, given)).decode(capabilitiesCodec);
      return callOptional(read, capabilitiesCodec.decode(undefined));
    },
    async defaultAddressSpaces(given) {
      return (await call('GetDefaultAddressSpaces', undefined, given)).decode(addressSpacesCodec);
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
      return (await call('RequestPool', fields, given)).decode(addressPoolCodec);
    },
    async releasePool(poolId, given) {
      await call('ReleasePool', { PoolID: poolId }, given);
    },
    async requestAddress({ poolId, address = '', options = {} }, given) {
      const fields = { PoolID: poolId, Address: address, Options: options };
      return (await call('RequestAddress', fields, given)).decode(leasedAddressCodec);
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
