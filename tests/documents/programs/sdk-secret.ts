import { existsSync, readFileSync } from 'node:fs';
import { definePlugin, type SecretProvider } from '@outboard/sdk';

const secrets: SecretProvider = {
  async getSecret({ secretName, serviceName }) {
    const file = `/etc/keys/${encodeURIComponent(secretName)}`; // a mount of config.json
    if (!existsSync(file)) return undefined;
    console.log(`${secretName} goes to ${serviceName}`); // its value never belongs into a log
    return { value: readFileSync(file) };
  },
};

await definePlugin({ name: 'keys', secrets }).serve();
