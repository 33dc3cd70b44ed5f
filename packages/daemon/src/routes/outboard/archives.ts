/**
 * `POST /outboard/v1/archives`, `GET` of it, and `DELETE /outboard/v1/archives/{id}`: archives of plugins that clients send,
 * to install them by the parameter `archive` of the routes that read from a registry.
 */
import type { PluginEngine, StagedArchive } from '@outboard/engine';
import { emptyReply, jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const path = '/outboard/v1/archives';

/** Takes, lists and drops archives. As for `POST /plugins/create`, the Content-Type is not checked. */
export function archiveRoutes(
  engine: Pick<PluginEngine, 'stageArchive' | 'archives' | 'dropArchive'>,
): readonly Route[] {
  return [
    {
      method: 'POST',
      path,
      async handle({ body, signal }) {
        return jsonReply(201, toDocument(await engine.stageArchive(body.chunks(), { signal })));
      },
    },
    { method: 'GET', path, handle: () => jsonReply(200, engine.archives().map(toDocument)) },
    {
      method: 'DELETE',
      path: `${path}/{name}`,
      async handle({ name }) {
        await engine.dropArchive(name);
        return emptyReply(204);
      },
    },
  ];
}

function toDocument({ id, plugins }: StagedArchive) {
  return {
    Id: id,
    Plugins: plugins.map(({ name, tag, remote, digest, platforms, size, configType }) => ({
      Name: name,
      Tag: tag,
      Remote: remote,
      Digest: digest,
      Platforms: platforms,
      Size: size,
      ConfigType: configType,
    })),
  };
}
