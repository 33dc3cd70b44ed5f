/**
 * Connects containers by pairs of virtual interfaces: one end stays on the host, the other goes into the container. It calls
 * ip(8), which "programs" in package.json brings into the plugin. Connect the ends of the host as your network needs it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Endpoint, NetworkDriver } from '@outboard/sdk';

/** Runs ip(8) with arguments. */
export type RunIp = (...args: readonly string[]) => Promise<unknown>;

const run = promisify(execFile);
const runIp: RunIp = (...args) => run('ip', args);

export function openDriver(ip: RunIp = runIp): NetworkDriver {
  return {
    async createNetwork() {
      // Each endpoint has its own pair: a network needs nothing on the host.
    },
    async deleteNetwork() {},
    async createEndpoint() {
      // The addresses are those of the network's IPAM driver.
      return undefined;
    },
    async deleteEndpoint(endpoint) {
      // Gone already if the container took its end along.
      await ip('link', 'delete', hostEnd(endpoint)).catch(() => undefined);
    },
    async join(endpoint) {
      const inside = `pc${endpoint.id.slice(0, 10)}`;
      await ip('link', 'add', hostEnd(endpoint), 'type', 'veth', 'peer', 'name', inside);
      await ip('link', 'set', hostEnd(endpoint), 'up');
      return { interface: { name: inside, prefix: 'eth' } };
    },
    async leave() {},
  };
}

/** Names of interfaces have at most 15 bytes. */
function hostEnd({ id }: Pick<Endpoint, 'id'>): string {
  return `ph${id.slice(0, 10)}`;
}
