/**
 * Authorization as the daemon has it: the chain in force, and how another configuration replaces it.
 */
import { isOutboardError, type PluginEngine, type PluginReference } from '@outboard/engine';
import type { Logger } from 'pino';
import type { ReloadablePart } from '../configuration/reload.ts';
import type { Authorize } from '../http/authorize.ts';
import { createAuthorizationChain } from './authorization-chain.ts';
import { createAuthorize } from './authorize-by-plugins.ts';

/** What the daemon does about authorization. */
export interface Authorization extends ReloadablePart {
  readonly authorize: Authorize;
  /** The plugins as the configuration in force names them. */
  names(): readonly string[];
  /** Log which plugins cannot be asked. The daemon serves all the same: it refuses what they would have to allow. */
  reportMissing(signal: AbortSignal): Promise<void>;
}

export interface AuthorizationOptions {
  readonly names: readonly string[];
  readonly engine: Pick<PluginEngine, 'drivers' | 'references' | 'inspect'>;
  readonly logger: Logger;
  /** How long one plugin may take for one question; default 30 s. */
  readonly timeoutMs?: number;
}

/** How long a plugin of another configuration may take to be found. */
const lookUpTimeoutMs = 30_000;

/** A configuration that names a plugin that cannot be found is refused; a plugin that was in force already may stay. */
export function createAuthorization({ engine, logger, ...limits }: AuthorizationOptions): Authorization {
  const { drivers } = engine;
  const open = (names: readonly string[]) => createAuthorizationChain({ ...limits, names, drivers });
  let chain = open(limits.names);
  let since = new Date();
  engine.references.addSource((pluginId) => {
    const isAsked = chain.names.some((name) => isNameOf(engine, name, pluginId));
    const reference: PluginReference = { kind: 'client', holder: 'authorization of the API', since };
    return isAsked ? [reference] : [];
  });
  return {
    authorize: createAuthorize(() => chain),
    names: () => chain.names,
    async prepare(next) {
      const nextChain = open(next['authorization-plugins']);
      const added = nextChain.names.filter((name) => !chain.names.includes(name));
      const isAnother = nextChain.names.join('\n') !== chain.names.join('\n');
      for (const name of added) {
        await drivers.find(name, 'authz', { signal: AbortSignal.timeout(lookUpTimeoutMs) });
      }
      return () => {
        if (!isAnother) return;
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

/** Whether a name, ID or prefix stands for this plugin. */
function isNameOf(engine: Pick<PluginEngine, 'inspect'>, name: string, pluginId: string): boolean {
  try {
    return engine.inspect(name).id === pluginId;
  } catch (error) {
    // Not found, or ambiguous: then it is nobody's name.
    if (isOutboardError(error)) return false;
    throw error;
  }
}
