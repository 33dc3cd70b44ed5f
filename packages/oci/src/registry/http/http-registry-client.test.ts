import { MemoryRegistry } from '../../memory/memory-registry.ts';
import { startRegistryServer } from '../../memory/registry-server.ts';
import { suiteLogin } from '../../testing/registry-subject.ts';
import { describeRegistryClient } from '../registry-client.suite.ts';
import { createRegistryClient } from './http-registry-client.ts';

describeRegistryClient('client over HTTP', async ({ needsLogin }) => {
  const registry = new MemoryRegistry(needsLogin ? { login: suiteLogin } : {});
  const server = await startRegistryServer(registry);
  const client = createRegistryClient({ insecureRegistries: [], userAgent: 'outboard-test' });
  return {
    client,
    domain: server.host,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
});
