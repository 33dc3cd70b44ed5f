/**
 * The IpamDriver protocol over an author's driver. Failures carry `Error` beside `Err`: engines read the first one of an
 * answer with status 200, and the other one otherwise.
 * @see moby daemon/libnetwork/ipams/remote/api/api.go
 */
import { PluginError } from '../plugin-error.ts';
import { SerialQueue } from '../state/serial-queue.ts';
import { isAddress, isCidr } from '../wire/address.ts';
import { type CallHandler, type Capability, type CapabilityDeps, servedCalls } from '../wire/call.ts';
import {
  flagField,
  type Message,
  malformed,
  requiredTextField,
  textField,
  textMapField,
} from '../wire/message.ts';
import type { AddressPool, AddressRequest, IpamDriver, PoolRequest } from './ipam-driver.ts';

const gatewayKey = 'com.docker.network.gateway';
const macAddressKey = 'com.docker.network.endpoint.macaddress';

/** Serve an IPAM driver. */
export function openIpamCapability(
  driver: IpamDriver,
  { pluginName }: Pick<CapabilityDeps, 'pluginName'>,
): Capability {
  const spaces = driver.addressSpaces ?? { local: `${pluginName}-local`, global: `${pluginName}-global` };
  const queue = new SerialQueue();
  const inTurn = (handle: CallHandler): CallHandler => {
    return (message, context) => queue.run('pools', () => handle(message, context));
  };
  const handlers: Record<string, CallHandler> = {
    async GetCapabilities() {
      return {
        RequiresMACAddress: driver.requiresMacAddress ?? false,
        RequiresRequestReplay: driver.requiresReplay ?? false,
      };
    },
    async GetDefaultAddressSpaces() {
      return { LocalDefaultAddressSpace: spaces.local, GlobalDefaultAddressSpace: spaces.global };
    },
    RequestPool: inTurn(async (message, context) =>
      poolDocument(await driver.requestPool(readPool(message), context)),
    ),
    ReleasePool: inTurn(async (message, context) => {
      await driver.releasePool(requiredTextField(message, 'PoolID'), context);
      return {};
    }),
    RequestAddress: inTurn(async (message, context) => {
      const address = await driver.requestAddress(readAddress(message), context);
      return { Address: checkCidr(address, 'address'), Data: {} };
    }),
    ReleaseAddress: inTurn(async (message, context) => {
      const address = requiredTextField(message, 'Address');
      if (!isAddress(address)) throw malformed('field "Address" is not an address without a prefix length');
      await driver.releaseAddress(requiredTextField(message, 'PoolID'), address, context);
      return {};
    }),
  };
  const failureBody = (message: string) => ({ Err: message, Error: message });
  return { calls: servedCalls('IpamDriver', handlers, { failureBody }), stop: () => queue.idle() };
}

function readPool(message: Message): PoolRequest {
  const pool = cidrField(message, 'Pool');
  const subPool = cidrField(message, 'SubPool');
  if (subPool !== undefined && pool === undefined) throw malformed('field "SubPool" needs "Pool"');
  return {
    addressSpace: requiredTextField(message, 'AddressSpace'),
    pool,
    subPool,
    options: textMapField(message, 'Options'),
    isIpv6: flagField(message, 'V6'),
  };
}

function readAddress(message: Message): AddressRequest {
  const address = textField(message, 'Address');
  if (address !== '' && !isAddress(address)) {
    throw malformed('field "Address" is not an address without a prefix length');
  }
  const options = textMapField(message, 'Options');
  return {
    poolId: requiredTextField(message, 'PoolID'),
    address: address || undefined,
    purpose: options.get('RequestAddressType') === gatewayKey ? 'gateway' : 'endpoint',
    macAddress: options.get(macAddressKey),
    options,
  };
}

function cidrField(message: Message, name: string): string | undefined {
  const text = textField(message, name);
  if (text === '') return undefined;
  if (!isCidr(text)) throw malformed(`field "${name}" is not an address with a prefix length`);
  return text;
}

function poolDocument({ poolId, pool, gateway }: AddressPool): object {
  if (poolId === '') throw new PluginError('the driver gave a pool without an ID');
  return {
    PoolID: poolId,
    Pool: checkCidr(pool, 'pool'),
    Data: gateway === undefined ? {} : { [gatewayKey]: checkCidr(gateway, 'gateway') },
  };
}

function checkCidr(text: string, subject: string): string {
  if (!isCidr(text)) {
    throw new PluginError(`the driver gave the ${subject} "${text}": want one such as "10.0.0.2/16"`);
  }
  return text;
}
