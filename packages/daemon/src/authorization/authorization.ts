/**
 * The authorization of the daemon: the chain in force, and its replacement by a reload.
 */
import { isOutboardError, type PluginEngine, type PluginReference } from '@outboard/engine';
import type { Logger } from 'pino';
import type { ReloadablePart } from '../configuration/reload.ts';
import type { Authorize } from '../http/authorize.ts';
import { createAuthorizationChain } from './authorization-chain.ts';
import { createAuthorize } from './authorize-by-plugins.ts';

/** The part of the daemon that authorizes requests; a reload may change its plugins. */
export interface Authorization extends ReloadablePart {
  readonly authorize: Authorize;
  /** The plugins in force, with their names in the configuration. */
  names(): readonly string[];
  /** Log the plugins that are not available. The daemon serves nevertheless: it refuses requests until they are. */
  reportMissing(signal: AbortSignal): Promise<void>;
}

/** Parts and settings of the authorization. */
export interface AuthorizationDeps {
  readonly names: readonly string[];
  readonly engine: Pick<PluginEngine, 'drivers' | 'references' | 'inspect'>;
  readonly logger: Logger;
  /** Time limit for one question to one plugin; default 30 s. */
  readonly timeoutMs?: number | undefined;
}

/** Time limit for finding a plugin that a reload adds. */
const lookUpTimeoutMs = 30_000;

/**
 * Create the authorization with the plugins of the first configuration. A reload that adds a plugin that is not found is
 * refused; a plugin that was in force may stay while it is not available.
 */
export function createAuthorization({
  engine,
  logger,
  timeoutMs,
  ...first
}: AuthorizationDeps): Authorization {
  const { drivers } = engine;
  const createChain = (names: readonly string[]) => createAuthorizationChain({ timeoutMs, names, drivers });
  let chain = createChain(first.names);
  let since = new Date();
  engine.references.addSource((pluginId) => {
    const isInForce = chain.names.some((name) => isNameOf(engine, name, pluginId));
    const reference: PluginReference = { kind: 'client', holder: 'authorization of the API', since };
    return isInForce ? [reference] : [];
  });
  return {
    authorize: createAuthorize(() => chain),
    names: () => chain.names,
    async prepare(next) {
      const nextChain = createChain(next['authorization-plugins']);
      const added = nextChain.names.filter((name) => !chain.names.includes(name));
      const isChanged = nextChain.names.join('\n') !== chain.names.join('\n');
      for (const name of added) {
        await drivers.find(name, 'authz', { signal: AbortSignal.timeout(lookUpTimeoutMs) });
      }
      return () => {
        if (!isChanged) return;
        chain = nextChain;
        since = new Date();
      };
    },
    async reportMissing(signal) {
      for (const plugin of chain.names) {
        try {
          await drivers.find(plugin, 'authz', { signal });
        } catch (error) {
          if (signal.aborted) return;
          logger.error(
            { plugin, err: error },
            'requests are refused until the authorization plugin can be asked',
          );
        }
      }
    },
  };
}

/** True if the name, ID or ID prefix belongs to this plugin. */
function isNameOf(engine: Pick<PluginEngine, 'inspect'>, name: string, pluginId: string): boolean {
  try {
    return engine.inspect(name).id === pluginId;
  } catch (error) {
    // Not found or ambiguous.
    if (isOutboardError(error)) return false;
    throw error;
  }
}
