/**
 * Networks and endpoints between engine and driver: calls are recorded before they are answered, and repeated ones get the
 * answer of the first one. The caller serializes calls for one network.
 */
import { PluginError } from '../plugin-error.ts';
import type { CallContext } from '../wire/call.ts';
import { type Message, requiredTextField } from '../wire/message.ts';
import { chosenAddresses, endpointDocument, joinDocument } from './network-answers.ts';
import type { Endpoint, NetworkDriver } from './network-driver.ts';
import {
  type EndpointRecord,
  type NetworkRecord,
  type NetworkRecords,
  withAddresses,
} from './network-records.ts';
import { readEndpoint, readNetwork } from './network-requests.ts';

/** Keeps driver and records consistent. */
export class NetworkService {
  readonly #driver: NetworkDriver;
  readonly #records: NetworkRecords;

  constructor(driver: NetworkDriver, records: NetworkRecords) {
    this.#driver = driver;
    this.#records = records;
  }

  /** Answer `CreateNetwork`. */
  async createNetwork(message: Message, context: CallContext): Promise<object> {
    const network = readNetwork(message);
    const { networks } = this.#records;
    if (networks.has(network.id)) return {};
    await this.#driver.createNetwork(network, context);
    networks.set(network.id, { network, request: message, endpoints: new Map() });
    await this.#saveOr(async () => {
      networks.delete(network.id);
      await this.#driver.deleteNetwork(network, context);
    });
    return {};
  }

  /** Answer `DeleteNetwork`. Engines delete endpoints first, unless they lost them. */
  async deleteNetwork(message: Message, context: CallContext): Promise<object> {
    const id = requiredTextField(message, 'NetworkID');
    const record = this.#records.networks.get(id);
    if (record === undefined) return {};
    for (const { endpoint } of record.endpoints.values()) await this.#deleteOne(record, endpoint.id, context);
    await this.#driver.deleteNetwork(record.network, context);
    this.#records.networks.delete(id);
    await this.#records.save();
    return {};
  }

  /** Answer `CreateEndpoint`. */
  async createEndpoint(message: Message, context: CallContext): Promise<object> {
    const record = this.#networkOf(message);
    const wanted = readEndpoint(message, record.network);
    const known = record.endpoints.get(wanted.id);
    if (known !== undefined) return endpointDocument(known.chosen);
    const answer = await this.#driver.createEndpoint(wanted, context);
    const undo = async (): Promise<void> => {
      record.endpoints.delete(wanted.id);
      await this.#driver.deleteEndpoint(wanted, context);
    };
    try {
      const chosen = chosenAddresses(wanted, answer);
      const endpoint = withAddresses(wanted, chosen);
      record.endpoints.set(wanted.id, { endpoint, request: message, chosen });
      await this.#records.save();
      return endpointDocument(chosen);
    } catch (error) {
      await undo();
      throw error;
    }
  }

  /** Answer `DeleteEndpoint`. */
  async deleteEndpoint(message: Message, context: CallContext): Promise<object> {
    const record = this.#records.networks.get(requiredTextField(message, 'NetworkID'));
    const id = requiredTextField(message, 'EndpointID');
    if (record === undefined || !record.endpoints.has(id)) return {};
    await this.#deleteOne(record, id, context);
    await this.#records.save();
    return {};
  }

  /** Answer `Join`. An engine that crashed joins its container's endpoint again without having left. */
  async join(message: Message, context: CallContext): Promise<object> {
    const { record, network } = this.endpointOf(message);
    const sandboxKey = requiredTextField(message, 'SandboxKey');
    if (record.joined?.sandboxKey === sandboxKey) return record.joined.answer;
    const { endpoint } = record;
    if (record.joined !== undefined) await this.#driver.leave(endpoint, context);
    const result = await this.#driver.join(endpoint, sandboxKey, context);
    try {
      const answer = joinDocument(result);
      network.endpoints.set(endpoint.id, { ...record, joined: { sandboxKey, answer } });
      await this.#records.save();
      return answer;
    } catch (error) {
      network.endpoints.set(endpoint.id, { ...record, joined: undefined });
      await this.#driver.leave(endpoint, context);
      throw error;
    }
  }

  /** Answer `Leave`. */
  async leave(message: Message, context: CallContext): Promise<object> {
    const network = this.#records.networks.get(requiredTextField(message, 'NetworkID'));
    const record = network?.endpoints.get(requiredTextField(message, 'EndpointID'));
    if (network === undefined || record?.joined === undefined) return {};
    await this.#driver.leave(record.endpoint, context);
    network.endpoints.set(record.endpoint.id, { ...record, joined: undefined });
    await this.#records.save();
    return {};
  }

  /** The endpoint that a call names. @throws {PluginError} if it does not exist */
  endpointOf(message: Message): { readonly network: NetworkRecord; readonly record: EndpointRecord } {
    const network = this.#networkOf(message);
    const id = requiredTextField(message, 'EndpointID');
    const record = network.endpoints.get(id);
    if (record === undefined) throw new PluginError(`endpoint "${id}" does not exist`);
    return { network, record };
  }

  /** Endpoints of a network, for `restoreNetwork`. */
  endpoints(record: NetworkRecord): readonly Endpoint[] {
    return [...record.endpoints.values()].map(({ endpoint }) => endpoint);
  }

  #networkOf(message: Message): NetworkRecord {
    const id = requiredTextField(message, 'NetworkID');
    const record = this.#records.networks.get(id);
    if (record === undefined) throw new PluginError(`network "${id}" does not exist`);
    return record;
  }

  async #deleteOne(network: NetworkRecord, id: string, context: CallContext): Promise<void> {
    const record = network.endpoints.get(id);
    if (record === undefined) return;
    if (record.joined !== undefined) await this.#driver.leave(record.endpoint, context);
    await this.#driver.deleteEndpoint(record.endpoint, context);
    network.endpoints.delete(id);
  }

  async #saveOr(undo: () => Promise<void>): Promise<void> {
    try {
      await this.#records.save();
    } catch (error) {
      await undo();
      throw error;
    }
  }
}
