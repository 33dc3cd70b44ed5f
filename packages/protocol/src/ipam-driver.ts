/**
 * The typed client of IpamDriver 1.0. Its drivers say what went wrong in `Error`, other than all others; `Err` counts
 * as well.
 * @see moby daemon/libnetwork/ipams/remote (28.x)
 */
import { OutboardError } from '@outboard/oci';
import { callsOf, type DriverCall, method, query } from './driver-calls.ts';
import { isAddress, isCidr } from './network-addresses.ts';
import { askOptional } from './plugin-answer.ts';
import type { PluginClient } from './plugin-client.ts';

export interface IpamCapabilities {
  /** Whether `requestAddress` needs the option `com.docker.network.endpoint.macaddress`. */
  readonly requiresMacAddress: boolean;
  /** Whether pools and gateways of local networks are to be requested again when the host starts. */
  readonly requiresRequestReplay: boolean;
}

/** Where pools come from unless a caller says otherwise. */
export interface AddressSpaces {
  readonly local: string;
  readonly global: string;
}

export interface PoolRequest {
  readonly addressSpace: string;
  /** Such as `10.0.0.0/16`; absent leaves the choice to the driver. */
  readonly pool?: string;
  /** A part of `pool`. */
  readonly subPool?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly isIpv6?: boolean;
}

/** A pool that is in use. */
export interface AddressPool {
  /** What the driver calls it; the same pool has the same ID, and is released as often as it was requested. */
  readonly poolId: string;
  /** Such as `10.0.0.0/16`. */
  readonly pool: string;
  /** `com.docker.network.gateway` is the gateway's address with prefix, if the driver chose one already. */
  readonly data: ReadonlyMap<string, string>;
}

export interface AddressRequest {
  readonly poolId: string;
  /** Without prefix; absent leaves the choice to the driver. */
  readonly address?: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** An address that is in use. */
export interface LeasedAddress {
  /** With the length of its prefix, such as `10.0.0.2/16`. */
  readonly address: string;
  readonly data: ReadonlyMap<string, string>;
}

/**
 * Every call throws as `PluginClient.call`. Requests are sent once: a second one would take a second address, so a
 * caller whose reply was lost does not know whether it holds one.
 */
export interface IpamDriver {
  /** A driver that cannot say requires nothing. */
  capabilities(call?: DriverCall): Promise<IpamCapabilities>;
  defaultAddressSpaces(call?: DriverCall): Promise<AddressSpaces>;
  /** @throws {OutboardError} also invalid, for a part of no pool; system, when the driver answers no pool */
  requestPool(request: PoolRequest, call?: DriverCall): Promise<AddressPool>;
  releasePool(poolId: string, call?: DriverCall): Promise<void>;
  /** @throws {OutboardError} also system, when the driver answers no address */
  requestAddress(request: AddressRequest, call?: DriverCall): Promise<LeasedAddress>;
  /** @param address without prefix */
  releaseAddress(poolId: string, address: string, call?: DriverCall): Promise<void>;
}

const rules = {
  GetCapabilities: query,
  GetDefaultAddressSpaces: query,
  RequestPool: method,
  ReleasePool: method,
  RequestAddress: method,
  ReleaseAddress: method,
} as const;

/** Make an IPAM driver of a plugin. The client stays the caller's. */
export function createIpamDriver(client: PluginClient): IpamDriver {
  const call = callsOf(client, 'IpamDriver', rules);
  return {
    capabilities(given) {
      const ask = async (): Promise<IpamCapabilities> => {
        const reply = await call('GetCapabilities', undefined, given);
        return {
          requiresMacAddress: reply.boolean('RequiresMACAddress'),
          requiresRequestReplay: reply.boolean('RequiresRequestReplay'),
        };
      };
      return askOptional(ask, { requiresMacAddress: false, requiresRequestReplay: false });
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
        throw new OutboardError(
          'invalid',
          `sub pool ${JSON.stringify(subPool)}: want the pool that it is of`,
        );
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
        const message = `address ${JSON.stringify(address)}: want one without prefix, such as "10.0.0.2"`;
        throw new OutboardError('invalid', message);
      }
      await call('ReleaseAddress', { PoolID: poolId, Address: address }, given);
    },
  };
}

const cidrForm = 'an address with the length of its prefix';

function required(name: string, field: string, value: string): string {
  if (value !== '') return value;
  const message = `IpamDriver.${name}: malformed reply: want ${JSON.stringify(field)} to be ${cidrForm}, got nothing`;
  throw new OutboardError('system', message, { code: 'plugin-reply-malformed' });
}
