/**
 * Networks and endpoints of a plugin, kept in a file: engines name them by their IDs only, create them once, and expect
 * them after a restart of the plugin.
 */
import { StateFile } from '../state/state-file.ts';
import { fieldsOf, type Message, messageListField, objectOf, textField } from '../wire/message.ts';
import type { Endpoint, EndpointAddresses, Network } from './network-driver.ts';
import { readEndpoint, readNetwork } from './network-requests.ts';

/** An endpoint, and what engines were answered about it. */
export interface EndpointRecord {
  /** With the addresses that the driver chose. */
  readonly endpoint: Endpoint;
  readonly request: Message;
  readonly chosen: EndpointAddresses;
  /** The container that is connected. */
  readonly joined?: { readonly sandboxKey: string; readonly answer: object } | undefined;
}

/** A network with its endpoints. */
export interface NetworkRecord {
  readonly network: Network;
  readonly request: Message;
  readonly endpoints: Map<string, EndpointRecord>;
}

/** Records by ID of their network. */
export class NetworkRecords {
  readonly networks: Map<string, NetworkRecord>;
  readonly #file: StateFile;

  private constructor(networks: Map<string, NetworkRecord>, file: StateFile) {
    this.networks = networks;
    this.#file = file;
  }

  /**
   * Read the records.
   *
   * @param path absolute path of the file; if undefined, records last as long as the process
   * @throws {PluginError} if the file is damaged
   */
  static async open(path: string | undefined): Promise<NetworkRecords> {
    const file = new StateFile(path);
    return new NetworkRecords((await file.read(parseNetworks)) ?? new Map(), file);
  }

  /** Write all records. Durable when it resolves. */
  save(): Promise<void> {
    return this.#file.write(() => ({ networks: [...this.networks.values()].map(networkDocument) }));
  }
}

function networkDocument({ request, endpoints }: NetworkRecord): object {
  return {
    request: Object.fromEntries(request),
    endpoints: [...endpoints.values()].map(({ request: created, chosen, joined }) => ({
      request: Object.fromEntries(created),
      chosen,
      joined,
    })),
  };
}

function parseNetworks(document: unknown): Map<string, NetworkRecord> {
  const records = messageListField(fieldsOf(objectOf(document) ?? {}), 'networks').map((fields) => {
    const request = fieldsOf(objectOf(fields.get('request')) ?? {});
    const network = readNetwork(request);
    const endpoints = messageListField(fields, 'endpoints').map((endpoint) =>
      parseEndpoint(endpoint, network),
    );
    return { network, request, endpoints: new Map(endpoints.map((record) => [record.endpoint.id, record])) };
  });
  return new Map(records.map((record) => [record.network.id, record]));
}

function parseEndpoint(fields: Message, network: Network): EndpointRecord {
  const request = fieldsOf(objectOf(fields.get('request')) ?? {});
  const addresses = fieldsOf(objectOf(fields.get('chosen')) ?? {});
  const chosen = {
    address: textField(addresses, 'address') || undefined,
    addressIpv6: textField(addresses, 'addressIpv6') || undefined,
    macAddress: textField(addresses, 'macAddress') || undefined,
  };
  const joined = objectOf(fields.get('joined'));
  const answer = objectOf(joined?.answer);
  return {
    endpoint: withAddresses(readEndpoint(request, network), chosen),
    request,
    chosen,
    joined: joined && answer && { sandboxKey: String(joined.sandboxKey), answer },
  };
}

/** An endpoint with the addresses that its driver chose. */
export function withAddresses(endpoint: Endpoint, chosen: EndpointAddresses): Endpoint {
  return {
    ...endpoint,
    address: chosen.address ?? endpoint.address,
    addressIpv6: chosen.addressIpv6 ?? endpoint.addressIpv6,
    macAddress: chosen.macAddress ?? endpoint.macAddress,
  };
}
