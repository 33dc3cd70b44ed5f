/**
 * IPAM drivers: the interface IpamDriver 1.0 of Docker's plugin protocol.
 */
import type { ValueOf } from '@outboard/oci';
import type { DriverCall } from '../driver-calls.ts';
import type {
  addressPoolCodec,
  addressSpacesCodec,
  capabilitiesCodec,
  leasedAddressCodec,
} from './ipam-documents.ts';

/** Needs of a driver towards its caller. */
export type IpamCapabilities = ValueOf<typeof capabilitiesCodec>;

/** Default address spaces of a driver. */
export type AddressSpaces = ValueOf<typeof addressSpacesCodec>;

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
export type AddressPool = ValueOf<typeof addressPoolCodec>;

/** An address to allocate. */
export interface AddressRequest {
  readonly poolId: string;
  /** Address without prefix length; default: the driver chooses. */
  readonly address?: string | undefined;
  readonly options?: Readonly<Record<string, string>> | undefined;
}

/** An allocated address. */
export type LeasedAddress = ValueOf<typeof leasedAddressCodec>;

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
