/** Decides on requests to the engine's API: everyone may read, and no one may make privileged containers. */
import { type Authorizer, allow, deny } from '@outboard/sdk';

export function openDriver(): Authorizer {
  return {
    async authorizeRequest({ method, path, body }) {
      if (method !== 'POST' || path !== '/containers/create') return allow;
      // Engines show bodies up to a size only: what cannot be judged is refused.
      if (body === undefined) return deny('a container cannot be made without its config being shown');
      return body.field('HostConfig', 'Privileged') === true
        ? deny('privileged containers are forbidden on this host')
        : allow;
    },
  };
}
