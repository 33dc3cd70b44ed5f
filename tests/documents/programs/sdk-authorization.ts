import { allow, definePlugin, deny } from '@outboard/sdk';

await definePlugin({
  name: 'policy',
  authorization: {
    async authorizeRequest({ method, path, body }) {
      if (method !== 'POST' || path !== '/containers/create') return allow;
      if (body === undefined) return deny('send the container as JSON of less than 1 MiB');
      return body.field('HostConfig', 'Privileged') === true ? deny('no privileged containers') : allow;
    },
  },
}).serve();
