/**
 * Authorization plugins in the order of the configuration. All of them must allow; one that is missing, disabled, down,
 * slow or talking nonsense refuses: nothing passes because nobody could be asked.
 */
import { joinSignals } from '@outboard/async';
import {
  type AuthorizationDecision,
  type AuthorizationPlugin,
  createAuthorizationPlugin,
  isOutboardError,
  OutboardError,
  type PluginDrivers,
} from '@outboard/engine';

/** How a plugin is asked one question. */
export type AskPlugin = (plugin: AuthorizationPlugin, signal: AbortSignal) => Promise<AuthorizationDecision>;

/** The plugins that judge a request from its beginning to its end, whatever is configured meanwhile. */
export interface AuthorizationChain {
  /** As the configuration names them, without repetition; empty when nobody is to be asked. */
  readonly names: readonly string[];
  /**
   * Ask one plugin after the other; the first refusal ends it.
   * @throws {OutboardError} forbidden, `authorization denied by plugin NAME: REASON`; system, `plugin NAME failed with
   *   error: …`, also when it cannot be found; the reason of an aborted signal
   */
  judge(ask: AskPlugin, options: AuthorizeOptions): Promise<void>;
}

interface AuthorizeOptions {
  readonly signal: AbortSignal;
  /** Whether to pass over a plugin that is disabled or not there; default false. */
  readonly skipStopped?: boolean;
}

export interface AuthorizationChainOptions {
  /** Names, IDs or unique ID prefixes of plugins. */
  readonly names: readonly string[];
  readonly drivers: Pick<PluginDrivers, 'find'>;
  /** How long one plugin may take for one question, looking it up and its retries included; default 30 s. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;

/** Make a chain. The plugins are looked up for each question, so that it is always the enabled one that is asked. */
export function createAuthorizationChain(options: AuthorizationChainOptions): AuthorizationChain {
  const { drivers, timeoutMs = defaultTimeoutMs } = options;
  const names = [...new Set(options.names)];
  return {
    names,
    async judge(ask, given) {
      for (const name of names) await authorizeBy(name, { ...given, drivers, timeoutMs, ask });
    },
  };
}

interface Question extends AuthorizeOptions {
  readonly drivers: Pick<PluginDrivers, 'find'>;
  readonly timeoutMs: number;
  readonly ask: AskPlugin;
}

async function authorizeBy(name: string, question: Question): Promise<void> {
  const { drivers, timeoutMs, ask, signal, skipStopped = false } = question;
  using scope = joinSignals([signal], { timeoutMs, timeoutReason: () => tooLate(timeoutMs) });
  let fullName = name;
  let verdict: AuthorizationDecision;
  try {
    const driver = await drivers.find(name, 'authz', { signal: scope.signal });
    fullName = driver.name;
    verdict = await ask(createAuthorizationPlugin(driver.client), scope.signal);
  } catch (cause) {
    // Whoever asked is gone, or the daemon stops: that says nothing about the plugin.
    signal.throwIfAborted();
    if (skipStopped && isStopped(cause)) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('system', `plugin ${fullName} failed with error: ${reason}`, { cause });
  }
  if (!verdict.allowed) {
    throw new OutboardError('forbidden', `authorization denied by plugin ${fullName}: ${verdict.reason}`);
  }
}

/** What a look-up says of a plugin that is disabled or not there. */
function isStopped(error: unknown): boolean {
  return isOutboardError(error, 'conflict') || isOutboardError(error, 'not-found');
}

function tooLate(timeoutMs: number): OutboardError {
  return new OutboardError('unavailable', `no answer within ${timeoutMs / 1000} s`, {
    code: 'plugin-timeout',
  });
}
