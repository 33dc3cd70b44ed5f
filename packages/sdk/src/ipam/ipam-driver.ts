/**
 * The interface that the author of an IPAM driver implements: it manages pools of addresses for networks.
 */
import type { CallContext } from '../wire/call.ts';

/** A pool that an engine asks for. */
export interface PoolRequest {
  /** One of those of `addressSpaces`. */
  readonly addressSpace: string;
  /** CIDR, such as `10.0.0.0/16`; undefined if the driver is to choose one. */
  readonly pool?: string | undefined;
  /** CIDR within `pool` from which to give out addresses (`--ip-range`). */
  readonly subPool?: string | undefined;
  /** The operator's `--ipam-opt key=value` options. */
  readonly options: ReadonlyMap<string, string>;
  readonly isIpv6: boolean;
}

/** A pool of the driver. */
export interface AddressPool {
  /** ID of the driver's choice, not empty; the engine passes it to all later calls. */
  readonly poolId: string;
  /** CIDR of the whole pool. */
  readonly pool: string;
  /** CIDR of the gateway, if the driver has fixed it; otherwise the engine asks for the address of a gateway. */
  readonly gateway?: string | undefined;
}

/** An address that an engine asks for. */
export interface AddressRequest {
  readonly poolId: string;
  /** Address without prefix length that the operator wants (`--ip`); undefined for any. */
  readonly address?: string | undefined;
  /** `gateway` for the network's own address, `endpoint` for a container's or another one. */
  readonly purpose: 'gateway' | 'endpoint';
  /** Hardware address of the endpoint, such as `02:42:ac:11:00:02`, if the driver needs it and the engine knows it. */
  readonly macAddress?: string | undefined;
  /** All options, those read above included. */
  readonly options: ReadonlyMap<string, string>;
}

/** Address spaces of a driver. Pools of different spaces may overlap. */
export interface AddressSpaces {
  /** For networks of one host. */
  readonly local: string;
  /** For networks of a swarm. */
  readonly global: string;
}

/**
 * An IPAM driver. The SDK runs its calls one after another, since pools must not overlap, and the operator sees the
 * messages of its errors. The engine waits for the time given when the plugin was enabled, 30 s by default.
 *
 * The engine keeps what it got, and asks again after neither a restart of the plugin nor one of its own: the driver must
 * remember pools and addresses in a file before it answers. The exception is `requiresReplay`.
 */
export interface IpamDriver {
  /** `requestAddress` needs the hardware addresses of endpoints. Default false. */
  readonly requiresMacAddress?: boolean | undefined;
  /**
   * The engine sends `RequestPool` and the request for the gateway of its local networks again whenever it starts. The driver
   * must take them as if they were new, or already known. Default false.
   */
  readonly requiresReplay?: boolean | undefined;
  /** Names of the address spaces. Default `<plugin>-local` and `<plugin>-global`. Asked once, at registration. */
  readonly addressSpaces?: AddressSpaces | undefined;
  /**
   * Reserve a pool. The same pool has the same ID, and is released as often as it was requested.
   *
   * With no pool of the operator's choice, the engine asks until it gets one that overlaps no network of the host, then
   * releases those it got before: answer with another one each time, or the engine never ends.
   */
  requestPool(request: PoolRequest, context: CallContext): Promise<AddressPool>;
  /** Release a pool. Called when its network is removed, and for pools that the engine refused. Unknown IDs are no error. */
  releasePool(poolId: string, context: CallContext): Promise<void>;
  /**
   * Reserve an address of a pool. An answer that is lost is asked for again, which takes another address: the engine does
   * not name the endpoint.
   *
   * @returns CIDR with the prefix length of the pool, such as `10.0.0.2/16`
   */
  requestAddress(request: AddressRequest, context: CallContext): Promise<string>;
  /** Release an address, given without prefix length. Addresses that are not reserved are no error. */
  releaseAddress(poolId: string, address: string, context: CallContext): Promise<void>;
}
