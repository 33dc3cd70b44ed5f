/**
 * The suite of registry clients on the HTTP client and the real registry: the in-memory registry keeps the same rules.
 */
import { createRegistryClient } from '@outboard/oci';
import { describeRegistryClient, suiteLogin } from '@outboard/oci/testing';
import { startRegistry } from '../support/registry.ts';

describeRegistryClient('client and docker-registry', async ({ needsLogin }) => {
  const registry = await startRegistry(needsLogin ? { auth: suiteLogin } : {});
  const client = createRegistryClient({ insecureRegistries: [], userAgent: 'outboard-test' });
  return {
    client,
    domain: registry.host,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await registry.stop();
    },
  };
});
