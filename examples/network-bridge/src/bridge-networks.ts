/**
 * A network driver: each network is a bridge of the host, each endpoint a pair of virtual interfaces, one of which the engine
 * moves into the container. Names of interfaces follow from IDs, so that the host itself is the only state.
 */
import type { Endpoint, EndpointAddresses, JoinResult, Network, NetworkDriver } from '@outboard/sdk';
import { deleteInterface, hasInterface, ip } from './ip.ts';

/** Linux limits names of interfaces to 15 bytes. */
const idLength = 11;

/** Makes bridges. */
export class BridgeNetworks implements NetworkDriver {
  async createNetwork(network: Network): Promise<void> {
    const name = bridgeOf(network);
    if (await hasInterface(name)) throw new Error(`there is an interface "${name}" already`);
    await this.#makeBridge(network);
  }

  async deleteNetwork(network: Network): Promise<void> {
    await deleteInterface(bridgeOf(network));
  }

  /** A reboot removes bridges; containers are connected again when they start. */
  async restoreNetwork(network: Network): Promise<void> {
    if (!(await hasInterface(bridgeOf(network)))) await this.#makeBridge(network);
  }

  /** A hardware address that follows from the IP address, so that neighbours need not learn a new one. */
  async createEndpoint({ address, macAddress }: Endpoint): Promise<EndpointAddresses> {
    if (address === undefined || macAddress !== undefined) return {};
    const bytes = address.split('/', 1).join('').split('.').map(Number);
    return { macAddress: ['02', '42', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':') };
  }

  /** Nothing is left of an endpoint after `leave`. */
  async deleteEndpoint(): Promise<void> {}

  async join(endpoint: Endpoint): Promise<JoinResult> {
    const { host, container } = interfacesOf(endpoint);
    await deleteInterface(host);
    await ip('link', 'add', 'name', host, 'type', 'veth', 'peer', 'name', container);
    try {
      await ip('link', 'set', 'dev', host, 'master', bridgeOf(endpoint.network), 'up');
    } catch (error) {
      await deleteInterface(host);
      throw error;
    }
    const gateway = endpoint.network.isInternal ? undefined : gatewayOf(endpoint.network);
    return {
      interface: { name: container, prefix: 'eth' },
      gateway: gateway?.split('/', 1).join(''),
      // The engine would add a network of its own for the default route that an internal one lacks.
      disablesGatewayService: endpoint.network.isInternal,
    };
  }

  /** Deletes both interfaces, also when the container still has one of them. */
  async leave(endpoint: Endpoint): Promise<void> {
    await deleteInterface(interfacesOf(endpoint).host);
  }

  async #makeBridge(network: Network): Promise<void> {
    const name = bridgeOf(network);
    await ip('link', 'add', 'name', name, 'type', 'bridge');
    try {
      const gateway = gatewayOf(network);
      if (gateway !== undefined) await ip('address', 'add', gateway, 'dev', name);
      await ip('link', 'set', 'dev', name, 'up');
    } catch (error) {
      await deleteInterface(name);
      throw error;
    }
  }
}

/** Name of a network's bridge: the operator's (`-o bridge=br-lan`), or from its ID. */
function bridgeOf({ id, driverOptions }: Network): string {
  const name = driverOptions.get('bridge') ?? `nbr-${id.slice(0, idLength)}`;
  if (!/^[a-zA-Z0-9_.-]{1,15}$/.test(name) || name.startsWith('-')) {
    throw new Error(`option bridge "${name}": want 1 to 15 letters, digits, "_", "." and "-"`);
  }
  return name;
}

function interfacesOf({ id }: Endpoint): { readonly host: string; readonly container: string } {
  return { host: `nbh-${id.slice(0, idLength)}`, container: `nbc-${id.slice(0, idLength)}` };
}

function gatewayOf({ ipv4 }: Network): string | undefined {
  return ipv4[0]?.gateway;
}
