/**
 * `POST /plugins/{name}/push`, and the path under which docker-py expects it.
 */
import type { PluginEngine } from '@outboard/engine';
import type { Exchange } from '../../http/exchange.ts';
import { progressReply } from '../../http/progress-stream.ts';
import { readRegistryAccess } from '../../http/registry-access.ts';
import type { Route } from '../../http/route-table.ts';

/** Pushes a plugin to its registry. */
export function pushRoutes(engine: Pick<PluginEngine, 'push'>): readonly Route[] {
  const handle = ({ name: plugin, headers, signal }: Exchange) => {
    const access = readRegistryAccess(headers);
    return progressReply((onProgress) => engine.push({ plugin, access, onProgress, signal }));
  };
  return [
    { method: 'POST', path: '/plugins/{name}/push', handle },
    { method: 'POST', path: '/plugins/{name}/pull', handle },
  ];
}
