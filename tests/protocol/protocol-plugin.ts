/**
 * The plugin of every protocol, run by an engine as a managed plugin, and looked up by name and capability.
 */
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import type { Capability, PluginDriver } from '@outboard/engine';
import type { JsonObject } from '@outboard/oci';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const name = 'acme/protocols:latest';
const script = readFileSync(new URL('plugin.mjs', import.meta.url), 'utf8');

/** A call that the plugin received. */
export interface ReceivedCall {
  readonly method: string;
  /** Parsed; undefined for an empty body. */
  readonly body: unknown;
}

export interface ProtocolPlugin {
  /** Name and address. */
  readonly name: string;
  readonly home: TestEngine;
  /** Look the plugin up. */
  driver(capability: Capability): Promise<PluginDriver>;
  /** Choose the response of a method from now on; see `plugin.mjs`. @param answer in place of the usual one */
  behave(method: string, behaviour: string, answer?: JsonObject | string): Promise<void>;
  /** Calls received since the last time. */
  calls(): Promise<readonly ReceivedCall[]>;
}

/**
 * Run the plugin around the tests of a file.
 *
 * @param types of its interface, such as `docker.logdriver/1.0`; the capability of the first one is used for controls
 * @returns a function that gives the plugin, for use inside of tests
 */
export function useProtocolPlugin(...types: readonly [Capability, ...Capability[]]): () => ProtocolPlugin {
  let home: TestEngine | undefined;
  before(async () => {
    if (needsRoot !== false) return;
    home = await openTestEngine();
    const interfaceTypes = types.map((type) => `docker.${type}/1.0`);
    const config = { Interface: { Types: interfaceTypes, Socket: 'fixture.sock' } };
    await home.engine.create({ name, context: pluginContext({ config, script }) });
    await home.engine.enable(name);
  });
  after(() => home?.[Symbol.asyncDispose]());
  return () => {
    if (home === undefined) throw new Error('the plugin runs inside of tests only');
    return control(home, types[0]);
  };
}

function control(home: TestEngine, capability: Capability): ProtocolPlugin {
  const driver = (wanted: Capability) => home.engine.drivers.find(name, wanted);
  return {
    name,
    home,
    driver,
    async behave(method, behaviour, answer) {
      const { client } = await driver(capability);
      const request = {
        Method: method,
        Behaviour: behaviour,
        ...(answer === undefined ? {} : { Answer: answer }),
      };
      await client.call('Test.Behave', request);
    },
    async calls() {
      const { client } = await driver(capability);
      const reply = await client.call('Test.Calls', {});
      return reply.objects('Calls').map((call) => {
        const body = call.text('Body');
        return { method: call.text('Method'), body: body === '' ? undefined : JSON.parse(body) };
      });
    },
  };
}
