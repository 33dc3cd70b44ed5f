import { execFileSync } from 'node:child_process';
import { definePlugin, type Endpoint, type NetworkDriver } from '@outboard/sdk';

const ip = (...args: readonly string[]) => execFileSync('ip', args); // CAP_NET_ADMIN, network "host"
const hostOf = ({ id }: Endpoint) => `myh-${id.slice(0, 11)}`; // Linux takes 15 bytes
const containerOf = ({ id }: Endpoint) => `myc-${id.slice(0, 11)}`;

/** Containers on a bridge that the host has already. */
const network: NetworkDriver = {
  async createNetwork({ driverOptions }) {
    if (!driverOptions.has('bridge')) throw new Error('give the bridge of the host with -o bridge=NAME');
  },
  async deleteNetwork() {
    // createNetwork() made nothing
  },
  async createEndpoint() {
    return {}; // addresses of the driver's choice, if the engine gave none
  },
  async deleteEndpoint() {
    // createEndpoint() made nothing
  },
  async join(endpoint) {
    const bridge = endpoint.network.driverOptions.get('bridge') ?? '';
    ip('link', 'add', 'name', hostOf(endpoint), 'type', 'veth', 'peer', 'name', containerOf(endpoint));
    ip('link', 'set', 'dev', hostOf(endpoint), 'master', bridge, 'up');
    const gateway = endpoint.network.ipv4[0]?.gateway?.split('/')[0];
    return { interface: { name: containerOf(endpoint), prefix: 'eth' }, gateway };
  },
  async leave(endpoint) {
    ip('link', 'delete', 'dev', hostOf(endpoint)); // and the container's end with it
  },
};

await definePlugin({ name: 'on-bridge', network, stateDirectory: '/mnt/state' }).serve();
