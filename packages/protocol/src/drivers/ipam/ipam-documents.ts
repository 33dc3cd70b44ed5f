/**
 * The documents of IpamDriver 1.0, one table each.
 * @see moby daemon/libnetwork/ipams/remote/api (28.x)
 */
import { codec } from '@outboard/oci';
import { requiredCidr } from '../address-codecs.ts';

const { field, flag, object, text } = codec;

/** Reply to `GetCapabilities`. */
export const capabilitiesCodec = object({
  /** `requestAddress` needs the option `com.docker.network.endpoint.macaddress`. */
  requiresMacAddress: field('RequiresMACAddress', flag),
  /** Pools and gateways of local networks must be requested again after each start of the host. */
  requiresRequestReplay: field('RequiresRequestReplay', flag),
});

/** Reply to `GetDefaultAddressSpaces`. */
export const addressSpacesCodec = object({
  local: field('LocalDefaultAddressSpace', text),
  global: field('GlobalDefaultAddressSpace', text),
});

/** Reply to `RequestPool`. */
export const addressPoolCodec = object({
  /** The driver's ID. The same pool has the same ID, and is released as often as it was requested. */
  poolId: field('PoolID', text),
  /** CIDR, such as `10.0.0.0/16`. */
  pool: field('Pool', requiredCidr),
  /** `com.docker.network.gateway` is the gateway's CIDR address, if the driver has chosen one. */
  data: field('Data', codec.textMap),
});

/** Reply to `RequestAddress`. */
export const leasedAddressCodec = object({
  /** CIDR, such as `10.0.0.2/16`. */
  address: field('Address', requiredCidr),
  data: field('Data', codec.textMap),
});
