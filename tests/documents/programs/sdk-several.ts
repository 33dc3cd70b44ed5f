import { allow, definePlugin } from '@outboard/sdk';

const seen = new Map<string, number>();

const plugin = definePlugin({
  name: 'both',
  authorization: {
    async authorizeRequest({ user = 'nobody' }) {
      seen.set(user, (seen.get(user) ?? 0) + 1);
      return allow;
    },
  },
  secrets: {
    getSecret: async ({ secretName }) => ({ value: `${seen.size} users before ${secretName}` }),
  },
});
console.log(plugin.interfaceTypes); // as config.json lists them
await plugin.serve();
