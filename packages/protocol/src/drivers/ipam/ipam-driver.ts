/**
 * IPAM drivers: the interface IpamDriver 1.0 of Docker's plugin protocol.
 */
import type { DriverCall } from '../driver-calls.ts';

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
