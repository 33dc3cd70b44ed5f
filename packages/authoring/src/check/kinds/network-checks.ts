/**
 * Checks of network drivers, without a container: networks and endpoints are made and removed, and none is joined.
 */
import { randomBytes } from 'node:crypto';
import { expect } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import { errorOf, fieldOf, requireSuccess, showAnswer, textOf } from '../session/read-answer.ts';
import type { Check } from './check.ts';

const kind = 'networkdriver';
const scopes = ['local', 'global'];
/** TEST-NET-3 (RFC 5737). */
const IPv4Data = [{ AddressSpace: 'LocalDefault', Pool: '203.0.113.0/24', Gateway: '203.0.113.1/24' }];

/** Checks of networks and endpoints. */
export const networkChecks: readonly Check[] = [
  {
    code: 'network/capabilities',
    level: 'error',
    kind,
    title: 'GetCapabilities has a scope in exact letters: without it an engine registers no driver.',
    async run(session) {
      const answer = await session.call('NetworkDriver.GetCapabilities');
      const capabilities = requireSuccess(answer);
      expect(
        scopes.includes(textOf(capabilities, 'Scope')),
        `NetworkDriver.GetCapabilities: ${showAnswer(answer)}: want "Scope": "local" or "global"`,
      );
      const connectivity = textOf(capabilities, 'ConnectivityScope');
      expect(
        ['', ...scopes].includes(connectivity),
        `ConnectivityScope ${JSON.stringify(connectivity)}: want "local" or "global"`,
      );
    },
  },
  {
    code: 'network/network',
    level: 'error',
    kind,
    title: 'A network is created and deleted.',
    run: (session) => withNetwork(session, async () => undefined),
  },
  {
    code: 'network/endpoint',
    level: 'error',
    kind,
    title: 'An endpoint is created, described and deleted; what the request filled in comes back empty.',
    run: (session) =>
      withNetwork(session, async (NetworkID) => {
        const endpoint = { NetworkID, EndpointID: randomBytes(32).toString('hex') };
        const given = { Address: '203.0.113.2/24', AddressIPv6: '', MacAddress: '' };
        const answer = await session.call('NetworkDriver.CreateEndpoint', {
          ...endpoint,
          Interface: given,
          Options: {},
        });
        const back = textOf(fieldOf(requireSuccess(answer), 'Interface'), 'Address');
        expect(
          back === '',
          `NetworkDriver.CreateEndpoint gives Address ${JSON.stringify(back)} back: want it empty, as the request had one`,
        );
        requireSuccess(await session.call('NetworkDriver.EndpointOperInfo', endpoint));
        requireSuccess(await session.call('NetworkDriver.DeleteEndpoint', endpoint));
      }),
  },
  {
    code: 'network/leave-unknown',
    level: 'error',
    kind,
    title: 'Leave, DeleteEndpoint and DeleteNetwork of unknown IDs are answered.',
    async run(session) {
      const unknown = { NetworkID: 'outboard-check-nothing', EndpointID: 'outboard-check-nothing' };
      for (const method of ['Leave', 'DeleteEndpoint', 'DeleteNetwork'])
        await session.call(`NetworkDriver.${method}`, unknown);
    },
  },
  {
    code: 'network/discovery',
    level: 'warning',
    kind,
    title: 'DiscoverNew and DiscoverDelete, which engines in a swarm send, succeed.',
    async run(session) {
      const node = {
        DiscoveryType: 1,
        DiscoveryData: { Address: '192.0.2.1', BindAddress: '192.0.2.1', Self: true },
      };
      for (const method of ['DiscoverNew', 'DiscoverDelete']) {
        const error = errorOf(await session.call(`NetworkDriver.${method}`, node));
        expect(error === undefined, `NetworkDriver.${method} failed: ${error}`);
      }
    },
  },
];

/** Run a step with a network, which is deleted afterwards. */
async function withNetwork(session: CheckSession, step: (id: string) => Promise<void>): Promise<void> {
  const NetworkID = randomBytes(32).toString('hex');
  const Options = { 'com.docker.network.generic': {} };
  requireSuccess(
    await session.call('NetworkDriver.CreateNetwork', { NetworkID, Options, IPv4Data, IPv6Data: [] }),
  );
  try {
    await step(NetworkID);
  } finally {
    requireSuccess(await session.call('NetworkDriver.DeleteNetwork', { NetworkID }));
  }
}
