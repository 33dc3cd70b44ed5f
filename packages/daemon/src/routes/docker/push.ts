/**
 * `POST /plugins/{name}/push`, and the path under which docker-py expects it.
 */
import { OutboardError, type PluginEngine, type PushRequest } from '@outboard/engine';
import type { Exchange } from '../../http/exchange.ts';
import { isTrue } from '../../http/parameters.ts';
import { progressReply } from '../../http/progress-stream.ts';
import { readRegistryAccess } from '../../http/registry-access.ts';
import type { Route } from '../../http/route-table.ts';

/** Pushes a plugin to its registry, or builds of a plugin for several platforms as one. */
export function pushRoutes(engine: Pick<PluginEngine, 'push'>): readonly Route[] {
  const handle = ({ name: plugin, query, headers, signal }: Exchange) => {
    const request = {
      plugin,
      access: readRegistryAccess(headers),
      format: parseFormat(query.get('format')),
      platforms: parseBuilds(query.get('platforms'), plugin),
      append: isTrue(query.get('append')),
    };
    return progressReply((onProgress) => engine.push({ ...request, onProgress, signal }));
  };
  return [
    { method: 'POST', path: '/plugins/{name}/push', handle },
    { method: 'POST', path: '/plugins/{name}/pull', handle },
  ];
}

/** @throws {OutboardError} invalid */
function parseFormat(text: string | null): PushRequest['format'] {
  if (text === null || text === '') return undefined;
  if (text === 'stored' || text === 'docker' || text === 'oci') return text;
  throw new OutboardError('invalid', `invalid format ${JSON.stringify(text)}: want stored, docker or oci`);
}

/**
 * Read the builds of an index: `OS/ARCH=PLUGIN`, `OS/ARCH` for the named plugin itself, or `PLUGIN`, whose platform is
 * found out; separated by commas.
 */
function parseBuilds(text: string | null, name: string): PushRequest['platforms'] {
  if (text === null || text === '') return undefined;
  return text.split(',').map((build) => {
    const equals = build.indexOf('=');
    if (equals !== -1) return { platform: build.slice(0, equals), plugin: build.slice(equals + 1) };
    return build.startsWith('linux/') ? { platform: build, plugin: name } : { plugin: build };
  });
}
