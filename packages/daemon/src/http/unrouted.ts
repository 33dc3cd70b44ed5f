/**
 * What is answered for a path that is not served. Whoever points `docker` here for containers is told what this daemon is.
 */
import { HttpError } from './errors.ts';

/** What a Docker Engine has and this daemon has not, by the first part of a path. @see Docker Engine API v1.51 */
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
 * The status is Docker's for a path that is none, and the text begins with Docker's, which clients compare.
 * @param path without version and query
 */
export function unrouted(path: string): HttpError {
  const resource = resources.get(path.split('/')[1] ?? '');
  if (resource === undefined) return new HttpError(404, 'page not found');
  return new HttpError(
    404,
    `page not found: this is Outboard, which manages plugins and their volumes, not ${resource}; for ${resource} name a ` +
      'Docker Engine: unset DOCKER_HOST, or use docker --context NAME (docker context ls), or docker --host ' +
      'unix:///var/run/docker.sock',
  );
}
