/**
 * `POST /plugins/pull`
 */
import {
  isOutboardError,
  OutboardError,
  type PluginEngine,
  parsePrivileges,
  type ReportProgress,
} from '@outboard/engine';
import { progressReply } from '../../http/progress-stream.ts';
import { readRemoteOptions } from '../../http/remote-options.ts';
import type { Route } from '../../http/route-table.ts';

/** Installs a plugin. Clients read its name for later requests (set, enable) from the header, which is sent before the body. */
export function pullRoute(engine: Pick<PluginEngine, 'pull' | 'localName'>): Route {
  return {
    method: 'POST',
    path: '/plugins/pull',
    async handle({ query, headers, body, signal }) {
      const privileges = parsePrivileges(await body.json());
      const remote = query.get('remote') ?? '';
      const name = engine.localName(remote, query.get('name') || undefined);
      const options = readRemoteOptions(query, headers);
      const pull = (onProgress: ReportProgress) =>
        engine.pull({ remote, name, privileges, ...options, onProgress, signal }).catch(nameTakenIsInvalid);
      return progressReply(pull, { 'Docker-Plugin-Name': name });
    },
  };
}

/** As in Docker, a name in use is 400 here and 409 for create, on which its clients rely. */
function nameTakenIsInvalid(error: unknown): never {
  if (!isOutboardError(error) || error.code !== 'name-taken') throw error;
  throw new OutboardError('invalid', error.message, { cause: error, code: error.code });
}
