/**
 * IPAM drivers: the interface IpamDriver 1.0 of Docker's plugin protocol.
 */
import type { DriverCall } from '../driver-calls.ts';

/** Needs of a driver towards its caller. */
export interface IpamCapabilities {
  /** `requestAddress` needs the option `com.docker.network.endpoint.macaddress`. */
  readonly requiresMacAddress: boolean;
  /** Pools and gateways of local networks must be requested again after each start of the host. */
  readonly requiresRequestReplay: boolean;
}

/** Default address spaces of a driver. */
export interface AddressSpaces {
  readonly local: string;
  readonly global: string;
}

/** A pool to allocate. */
export interface PoolRequest {
  readonly addressSpace: string;
  /** CIDR, such as `10.0.0.0/16`; default: the driver chooses. */
  readonly pool?: string | undefined;
  /** CIDR inside `pool`. */
  readonly subPool?: string | undefined;
  readonly options?: Readonly<Record<string, string>> | undefined;
  readonly isIpv6?: boolean | undefined;
}

/** An allocated pool. */
export interface AddressPool {
  /** The driver's ID. The same pool has the same ID, and is released as often as it was requested. */
  readonly poolId: string;
  /** CIDR, such as `10.0.0.0/16`. */
  readonly pool: string;
  /** `com.docker.network.gateway` is the gateway's CIDR address, if the driver has chosen one. */
  readonly data: ReadonlyMap<string, string>;
}

/** An address to allocate. */
export interface AddressRequest {
  readonly poolId: string;
  /** Address without prefix length; default: the driver chooses. */
  readonly address?: string | undefined;
  readonly options?: Readonly<Record<string, string>> | undefined;
}

/** An allocated address. */
export interface LeasedAddress {
  /** CIDR, such as `10.0.0.2/16`. */
  readonly address: string;
  readonly data: ReadonlyMap<string, string>;
}

/**
 * An IPAM driver. Every method throws as `PluginClient.call`. Requests are sent once, because a second one would
 * allocate again; after a lost reply it is unknown whether something was allocated.
 */
export interface IpamDriver {
  /** A driver that does not report capabilities needs nothing. */
  capabilities(call?: DriverCall): Promise<IpamCapabilities>;
  defaultAddressSpaces(call?: DriverCall): Promise<AddressSpaces>;
  /** @throws {OutboardError} also invalid, for a sub-pool without a pool; system, when the reply holds no pool */
  requestPool(request: PoolRequest, call?: DriverCall): Promise<AddressPool>;
  releasePool(poolId: string, call?: DriverCall): Promise<void>;
  /** @throws {OutboardError} also system, when the reply holds no address */
  requestAddress(request: AddressRequest, call?: DriverCall): Promise<LeasedAddress>;
  /**
   * @param address without prefix length
   * @throws {OutboardError} also invalid, for another form
   */
  releaseAddress(poolId: string, address: string, call?: DriverCall): Promise<void>;
}
