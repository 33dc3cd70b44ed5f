/**
 * The documents of NetworkDriver 1.0, one table each.
 * @see moby daemon/libnetwork/drivers/remote/api (28.x)
 */
import { codec } from '@outboard/oci';
import { address, cidr, macAddress } from '../address-codecs.ts';

const { field, flag, listOrEmpty, object, optionalField, text } = codec;

/** One address pool of a network, as its IPAM driver returned it. */
export const poolCodec = object({
  addressSpace: field('AddressSpace', text),
  /** CIDR, such as `10.0.0.0/24`. */
  pool: optionalField('Pool', text),
  /** CIDR, such as `10.0.0.1/24`. */
  gateway: optionalField('Gateway', text),
  /** CIDR addresses by name. */
  auxAddresses: optionalField('AuxAddresses', codec.textRecord),
});

/** Network and pools in requests of `CreateNetwork` and `AllocateNetwork`. */
export const networkCodec = object({
  networkId: field('NetworkID', text),
  ipv4: field('IPv4Data', listOrEmpty(poolCodec)),
  ipv6: field('IPv6Data', listOrEmpty(poolCodec)),
});

/** Endpoint in requests about it. */
export const endpointIdCodec = object({
  networkId: field('NetworkID', text),
  endpointId: field('EndpointID', text),
});

/** Addresses of an endpoint, in request and reply of `CreateEndpoint`; '' for one that is not set. */
export const endpointAddressesCodec = object({
  /** CIDR. */
  address: field('Address', cidr),
  /** CIDR. */
  addressIpv6: field('AddressIPv6', cidr),
  macAddress: field('MacAddress', macAddress),
});

/** Reply to `Join`, less its routes. */
export const joinCodec = object({
  /** The interface to move into the container, and the prefix of its name there; absent when there is none. */
  interfaceName: optionalField(
    'InterfaceName',
    object({ source: field('SrcName', text), destinationPrefix: field('DstPrefix', text) }),
  ),
  /** Address without prefix length; '' for none. */
  gateway: field('Gateway', address),
  /** Address without prefix length; '' for none. */
  gatewayIpv6: field('GatewayIPv6', address),
  /** The driver provides the default route itself. */
  disableGatewayService: field('DisableGatewayService', flag),
});

/** Reply to `GwAllocCheck`. */
export const gatewayCheckCodec = object({
  skipsIpv4: field('SkipIPv4', flag),
  skipsIpv6: field('SkipIPv6', flag),
});

/** Node in requests of `DiscoverNew` and `DiscoverDelete`. */
export const nodeCodec = object({
  address: field('Address', text),
  bindAddress: field('BindAddress', text),
  /** The plugin runs on this node. */
  isSelf: field('Self', flag),
});
