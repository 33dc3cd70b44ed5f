/**
 * A plugin of the SDK that a test serves in its own process, with the typed client of engines and a raw one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPluginClient, type PluginClient } from '@outboard/protocol';
import { definePlugin, type PluginDefinition, type RunningPlugin } from '@outboard/sdk';
import { callPlugin, type PluginAnswer } from '../support/plugin-client.ts';

/** Kinds of a plugin. */
export type Kinds = Pick<
  PluginDefinition,
  Exclude<keyof PluginDefinition, 'name' | 'stateDirectory' | 'logger'>
>;

/** A plugin that runs. Disposing it removes its directory. */
export interface ServedPlugin extends AsyncDisposable {
  /** A directory of the test; the plugin's state is `state` in it. */
  readonly directory: string;
  readonly client: PluginClient;
  /** Lines that the plugin logged. */
  readonly logged: readonly string[];
  /** Call a method with exact bytes. */
  call(method: string, body?: string | object): Promise<PluginAnswer>;
  /** Stop the plugin and serve it again with its state; other kinds replace those it had. */
  restart(kinds?: Kinds): Promise<void>;
  /** Stop the plugin; its directory stays. */
  stop(): Promise<void>;
}

/** Serve a plugin of some kinds. */
export async function servePlugin(kinds: Kinds): Promise<ServedPlugin> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-sdk-'));
  const socketPath = join(directory, 'p.sock');
  const client = createPluginClient({ socketPath, timeoutMs: 30_000 });
  const logged: string[] = [];
  const serve = (served: Kinds): Promise<RunningPlugin> =>
    definePlugin({
      name: 'served',
      stateDirectory: join(directory, 'state'),
      logger: (line) => logged.push(line),
      ...served,
    }).serve({ socket: socketPath, stopSignals: [] });
  let current = kinds;
  let running = await serve(kinds);
  return {
    directory,
    client,
    logged,
    call: (method, body) => callPlugin(socketPath, method, body),
    async restart(next = current) {
      await running.close();
      current = next;
      running = await serve(next);
    },
    stop: () => running.close(),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await running.close();
      await rm(directory, { recursive: true });
    },
  };
}
