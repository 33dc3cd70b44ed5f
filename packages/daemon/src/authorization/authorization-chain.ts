/**
 * Authorization plugins in the order of the configuration. All of them must allow a request. It is refused when a plugin is
 * missing, disabled, not reachable, too slow, or answers with nonsense: an error never lets a request pass.
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

/** Asks one plugin about a request or a reply. */
export type AskPlugin = (plugin: AuthorizationPlugin, signal: AbortSignal) => Promise<AuthorizationDecision>;

/** The plugins for one request and its reply, also if the configuration changes in between. */
export interface AuthorizationChain {
  /** Names from the configuration, without repetition; empty when no plugin is asked. */
  readonly names: readonly string[];
  /**
   * Ask one plugin after the other until one refuses.
   * @throws {OutboardError} forbidden, `authorization denied by plugin NAME: REASON`; system, `plugin NAME failed with
   *   error: …`, also if it is not found; the reason of an aborted signal
   */
  authorize(ask: AskPlugin, options: AuthorizeOptions): Promise<void>;
}

interface AuthorizeOptions {
  readonly signal: AbortSignal;
  /** Skip plugins that are disabled or removed; default false. */
  readonly skipStopped?: boolean | undefined;
}

/** Plugins and limits of a chain. */
export interface AuthorizationChainOptions {
  /** Names, IDs or unique ID prefixes of plugins. */
  readonly names: readonly string[];
  readonly drivers: Pick<PluginDrivers, 'find'>;
  /** Time limit for one question to one plugin, with look-up and retries; default 30 s. */
  readonly timeoutMs?: number | undefined;
}

const defaultTimeoutMs = 30_000;

/** Create a chain. Plugins are looked up for each question, so that a plugin that was enabled meanwhile is found. */
export function createAuthorizationChain(options: AuthorizationChainOptions): AuthorizationChain {
  const { drivers, timeoutMs = defaultTimeoutMs } = options;
  const names = [...new Set(options.names)];
  return {
    names,
    async authorize(ask, given) {
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
  using scope = joinSignals([signal], { timeoutMs, timeoutReason: () => timedOut(timeoutMs) });
  let fullName = name;
  let decision: AuthorizationDecision;
  try {
    const driver = await drivers.find(name, 'authz', { signal: scope.signal });
    fullName = driver.name;
    decision = await ask(createAuthorizationPlugin(driver.client), scope.signal);
  } catch (cause) {
    // The client disconnected or the daemon stops, which is no failure of the plugin.
    signal.throwIfAborted();
    if (skipStopped && isStopped(cause)) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('system', `plugin ${fullName} failed with error: ${reason}`, { cause });
  }
  if (!decision.allowed) {
    throw new OutboardError('forbidden', `authorization denied by plugin ${fullName}: ${decision.reason}`);
  }
}

/** The errors of a look-up of a plugin that is disabled or removed. */
function isStopped(error: unknown): boolean {
  return isOutboardError(error, 'conflict') || isOutboardError(error, 'not-found');
}

function timedOut(timeoutMs: number): OutboardError {
  return new OutboardError('unavailable', `no answer within ${timeoutMs / 1000} s`, {
    code: 'plugin-timeout',
  });
}
