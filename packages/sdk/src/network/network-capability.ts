/**
 * The NetworkDriver protocol over an author's driver. Methods that the driver lacks are answered with status 404 where
 * engines expect that, and do nothing where they do not.
 * @see https://github.com/moby/moby/blob/master/daemon/libnetwork/docs/remote.md
 */
import { messageOf } from '../plugin-error.ts';
import { SerialQueue } from '../state/serial-queue.ts';
import { type CallHandler, type Capability, type CapabilityDeps, servedCalls } from '../wire/call.ts';
import { jsonObjectField, requiredTextField } from '../wire/message.ts';
import type { NetworkDriver } from './network-driver.ts';
import { NetworkRecords } from './network-records.ts';
import { readAllocation, readNode, readPortBindings } from './network-requests.ts';
import { NetworkService } from './network-service.ts';

type Handlers = Readonly<Record<string, CallHandler>>;

/** Serve a network driver. @throws {PluginError} if its records are damaged */
export async function openNetworkCapability(
  driver: NetworkDriver,
  { statePath, log }: CapabilityDeps,
): Promise<Capability> {
  const records = await NetworkRecords.open(statePath('networks.json'));
  const service = new NetworkService(driver, records);
  const queue = new SerialQueue();
  const ending = new AbortController();
  const inTurn = (handle: CallHandler): CallHandler => {
    return (message, context) =>
      queue.run(requiredTextField(message, 'NetworkID'), () => handle(message, context));
  };
  const turns = { ...networkHandlers(service), ...portHandlers(driver, service) };
  const handlers: Handlers = {
    GetCapabilities: async () => capabilitiesDocument(driver),
    ...Object.fromEntries(Object.entries(turns).map(([method, handle]) => [method, inTurn(handle)])),
    ...infoHandlers(driver, service),
    ...clusterHandlers(driver),
  };
  const restore = async (id: string): Promise<void> => {
    const record = records.networks.get(id);
    if (record !== undefined)
      await driver.restoreNetwork?.(record.network, service.endpoints(record), { signal: ending.signal });
  };
  return {
    calls: servedCalls('NetworkDriver', handlers),
    start() {
      for (const id of records.networks.keys()) {
        queue
          .run(id, () => restore(id))
          .catch((error: unknown) => log(`cannot restore network "${id}": ${messageOf(error)}`));
      }
    },
    async stop() {
      ending.abort();
      await queue.idle();
    },
  };
}

function capabilitiesDocument(driver: NetworkDriver): object {
  const { scope = 'local', connectivityScope = scope } = driver;
  const isGatewayChecker = driver.checkGatewayAllocation !== undefined;
  return { Scope: scope, ConnectivityScope: connectivityScope, GwAllocChecker: isGatewayChecker };
}

function networkHandlers(service: NetworkService): Handlers {
  return {
    CreateNetwork: (message, context) => service.createNetwork(message, context),
    DeleteNetwork: (message, context) => service.deleteNetwork(message, context),
    CreateEndpoint: (message, context) => service.createEndpoint(message, context),
    DeleteEndpoint: (message, context) => service.deleteEndpoint(message, context),
    Join: (message, context) => service.join(message, context),
    Leave: (message, context) => service.leave(message, context),
  };
}

/** Engines tolerate that these are missing. */
function portHandlers(driver: NetworkDriver, service: NetworkService): Handlers {
  const handlers: Record<string, CallHandler> = {};
  if (driver.programExternalConnectivity !== undefined) {
    handlers.ProgramExternalConnectivity = async (message, context) => {
      const { endpoint } = service.endpointOf(message).record;
      await driver.programExternalConnectivity?.(endpoint, readPortBindings(message), context);
      return {};
    };
  }
  if (driver.revokeExternalConnectivity !== undefined) {
    handlers.RevokeExternalConnectivity = async (message, context) => {
      const { endpoint } = service.endpointOf(message).record;
      await driver.revokeExternalConnectivity?.(endpoint, context);
      return {};
    };
  }
  return handlers;
}

function infoHandlers(driver: NetworkDriver, service: NetworkService): Handlers {
  return {
    async EndpointOperInfo(message, context) {
      const { endpoint } = service.endpointOf(message).record;
      return { Value: (await driver.endpointInfo?.(endpoint, context)) ?? {} };
    },
  };
}

/** Calls of swarms. */
function clusterHandlers(driver: NetworkDriver): Handlers {
  const handlers: Record<string, CallHandler> = {
    async DiscoverNew(message, context) {
      const node = readNode(message);
      if (node !== undefined) await driver.discoverNew?.(node, context);
      return {};
    },
    async DiscoverDelete(message, context) {
      const node = readNode(message);
      if (node !== undefined) await driver.discoverDelete?.(node, context);
      return {};
    },
    async FreeNetwork(message, context) {
      await driver.freeNetwork?.(requiredTextField(message, 'NetworkID'), context);
      return {};
    },
  };
  if (driver.allocateNetwork !== undefined) {
    handlers.AllocateNetwork = async (message, context) => {
      const options = await driver.allocateNetwork?.(readAllocation(message), context);
      return { Options: Object.fromEntries(options ?? []) };
    };
  }
  if (driver.checkGatewayAllocation !== undefined) {
    handlers.GwAllocCheck = async (message, context) => {
      const options = jsonObjectField(message, 'Options');
      const checked = await driver.checkGatewayAllocation?.(options, context);
      return { SkipIPv4: checked?.skipsIpv4 ?? false, SkipIPv6: checked?.skipsIpv6 ?? false };
    };
  }
  return handlers;
}
