/**
 * The client of a managed plugin behind its gate: calls wait while the plugin restarts or is upgraded, instead of failing.
 */
import { OutboardError } from '@outboard/oci';
import type { CallOptions, PluginClient } from '@outboard/protocol';
import type { GateOptions, GatePass } from '../serving/gate/plugin-gates.ts';

/** Parts of a gated client. */
export interface GatedClientDeps {
  readonly enter: (options: GateOptions) => Promise<GatePass>;
  /** The client of the version that runs. */
  readonly client: () => PluginClient;
  /** Time limit of calls that do not give their own, in milliseconds; 0 for none. */
  readonly timeoutMs: () => number;
}

/** The parts of a call's options that the gate takes. */
type WaitOptions = Pick<CallOptions, 'signal' | 'timeoutMs' | 'isTriedOnce'>;

/**
 * Make a client that several callers share. The wait counts for the time limit of a call, and ends after a minute at the
 * latest. A call that is tried once does not wait.
 *
 * Disposing it ends no call; later calls are refused.
 */
export function createGatedClient(deps: GatedClientDeps): PluginClient {
  let isClosed = false;

  async function enter(options: WaitOptions) {
    if (isClosed) throw closed();
    const { signal, isTriedOnce = false } = options;
    const limitMs = options.timeoutMs ?? deps.timeoutMs();
    const startedAt = performance.now();
    const pass = await deps.enter({
      signal,
      ...(isTriedOnce ? { waitMs: 0 } : limitMs > 0 && { waitMs: limitMs }),
    });
    if (isClosed) {
      pass[Symbol.dispose]();
      throw closed();
    }
    const leftMs = Math.max(1, Math.ceil(limitMs - (performance.now() - startedAt)));
    return { pass, rest: limitMs > 0 ? { timeoutMs: leftMs } : {} };
  }

  return {
    async call(method, request, options = {}) {
      const { pass, rest } = await enter(options);
      using _pass = pass;
      return await deps.client().call(method, request, { ...options, ...rest });
    },
    async *stream(method, request, options = {}) {
      const { pass, rest } = await enter(options);
      using _pass = pass;
      for await (const chunk of deps.client().stream(method, request, { ...options, ...rest })) {
        pass.streaming();
        yield chunk;
      }
    },
    async forward(request, receive, options = {}) {
      const { pass, rest } = await enter(options);
      using _pass = pass;
      const receiveAnswer: typeof receive = (answer) => {
        if (options.isStream === true) pass.streaming();
        return receive(answer);
      };
      return await deps.client().forward(request, receiveAnswer, { ...options, ...rest });
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
    },
  };
}

function closed(): OutboardError {
  const message = 'the plugin was disabled: look it up again when it is enabled';
  return new OutboardError('unavailable', message, { code: 'plugin-disabled' });
}
