/**
 * The error for a path without a route. A Docker client that asks for containers or images gets a hint what this daemon is.
 */
import { HttpError } from './errors.ts';

/** Resources of a Docker Engine that this daemon does not have, by the first part of the path. @see Docker Engine API v1.51 */
const resources: ReadonlyMap<string, string> = new Map([
  ['containers', 'containers'],
  ['exec', 'containers'],
  ['commit', 'containers'],
  ['images', 'images'],
  ['build', 'images'],
  ['distribution', 'images'],
  ['session', 'images'],
  ['grpc', 'images'],
  ['networks', 'networks'],
  ['system', 'containers and images'],
  ['swarm', 'swarms'],
  ['nodes', 'swarms'],
  ['services', 'services'],
  ['tasks', 'services'],
  ['secrets', 'secrets'],
  ['configs', 'configs'],
]);

/**
 * Create the error: status and beginning of the text are Docker's, since clients compare them. With another status than 404
 * `docker inspect NAME`, which asks for containers, images and networks before plugins, would not find a plugin.
 * @param path without version and query
 */
export function unrouted(path: string): HttpError {
  const resource = resources.get(path.split('/')[1] ?? '');
  if (resource === undefined) return new HttpError(404, 'page not found');
  return new HttpError(
    404,
    `page not found: this is Outboard, which manages plugins and their volumes, not ${resource}; for ${resource} name a ` +
      'Docker Engine: unset DOCKER_HOST, or use docker --context NAME (docker context ls), or docker --host ' +
      'unix:///var/run/docker.sock (docs/compatibility.md, "Clients")',
  );
}
