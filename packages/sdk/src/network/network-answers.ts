/**
 * Answers of network drivers, checked before an engine applies them: it would undo half of its work for a wrong address.
 */
import { PluginError } from '../plugin-error.ts';
import { isAddress, isCidr, isMacAddress } from '../wire/address.ts';
import type { Endpoint, EndpointAddresses, JoinResult, StaticRoute } from './network-driver.ts';

/**
 * Addresses that the driver chose. Engines refuse a second value for one that they gave, also an equal one, so that is left
 * out.
 *
 * @throws {PluginError} for malformed addresses, and for those that differ from the engine's
 */
export function chosenAddresses(endpoint: Endpoint, chosen: EndpointAddresses = {}): EndpointAddresses {
  return {
    address: chosenOne('address', endpoint.address, chosen.address, (text) => isCidr(text, 4)),
    addressIpv6: chosenOne('IPv6 address', endpoint.addressIpv6, chosen.addressIpv6, (text) =>
      isCidr(text, 6),
    ),
    macAddress: chosenOne('hardware address', endpoint.macAddress, chosen.macAddress, isMacAddress),
  };
}

function chosenOne(
  subject: string,
  given: string | undefined,
  chosen: string | undefined,
  isValid: (text: string) => boolean,
): string | undefined {
  if (chosen === undefined || chosen === '' || chosen === given) return undefined;
  if (!isValid(chosen)) throw new PluginError(`the driver chose the ${subject} "${chosen}", which is none`);
  if (given !== undefined) {
    throw new PluginError(
      `the driver chose the ${subject} "${chosen}", but the engine has chosen "${given}"`,
    );
  }
  return chosen;
}

/** Answer to `CreateEndpoint`. */
export function endpointDocument({ address, addressIpv6, macAddress }: EndpointAddresses): object {
  if (address === undefined && addressIpv6 === undefined && macAddress === undefined) return {};
  return {
    Interface: { Address: address ?? '', AddressIPv6: addressIpv6 ?? '', MacAddress: macAddress ?? '' },
  };
}

/** Answer to `Join`. @throws {PluginError} for malformed addresses and names */
export function joinDocument(result: JoinResult): object {
  const { interface: made, gateway = '', gatewayIpv6 = '', routes = [] } = result;
  if (made !== undefined && (made.name === '' || made.prefix === '')) {
    throw new PluginError('the driver gave an interface without name or prefix');
  }
  if (gateway !== '' && !isAddress(gateway, 4)) throw notAnAddress('gateway', gateway);
  if (gatewayIpv6 !== '' && !isAddress(gatewayIpv6, 6)) throw notAnAddress('IPv6 gateway', gatewayIpv6);
  return {
    ...(made && { InterfaceName: { SrcName: made.name, DstPrefix: made.prefix } }),
    Gateway: gateway,
    GatewayIPv6: gatewayIpv6,
    StaticRoutes: routes.map(routeDocument),
    DisableGatewayService: result.disablesGatewayService ?? false,
  };
}

function routeDocument(route: StaticRoute): object {
  const { destination } = route;
  if (!isCidr(destination)) throw notAnAddress('destination of a route', destination);
  if ('isConnected' in route) return { Destination: destination, RouteType: 1, NextHop: '' };
  if (!isAddress(route.nextHop)) throw notAnAddress('next hop of a route', route.nextHop);
  return { Destination: destination, RouteType: 0, NextHop: route.nextHop };
}

function notAnAddress(subject: string, text: string): PluginError {
  return new PluginError(`the driver gave the ${subject} "${text}", which is not an address`);
}
