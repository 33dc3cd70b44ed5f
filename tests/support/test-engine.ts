/**
 * A plugin engine on real parts, with roots that are removed at the end of the test.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPluginEngine, type PluginEngine, type PluginEngineOptions } from '@outboard/engine';
import { testedRuntime } from './oci-runtime.ts';

export interface TestEngine extends AsyncDisposable {
  readonly engine: PluginEngine;
  readonly dataRoot: string;
  readonly execRoot: string;
  /** Close the engine and open another over the same roots, as a restart of the daemon does. */
  reopen(meanwhile?: () => void): Promise<PluginEngine>;
}

export async function openTestEngine(given: Partial<PluginEngineOptions> = {}): Promise<TestEngine> {
  const options = { runtime: testedRuntime(), ...given };
  const root = await mkdtemp(join(tmpdir(), 'outboard-test-'));
  const roots = { dataRoot: join(root, 'data'), execRoot: join(root, 'exec') };
  let engine = await openPluginEngine({ ...roots, ...options });
  return {
    get engine() {
      return engine;
    },
    ...roots,
    async reopen(meanwhile) {
      await engine[Symbol.asyncDispose]();
      meanwhile?.();
      engine = await openPluginEngine({ ...roots, ...options });
      return engine;
    },
    async [Symbol.asyncDispose]() {
      for (const plugin of engine.list()) await engine.remove(plugin.id, { force: true });
      await engine[Symbol.asyncDispose]();
      await rm(root, { recursive: true });
    },
  };
}
