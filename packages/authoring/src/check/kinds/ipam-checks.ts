/**
 * Checks of IPAM drivers: pools and addresses. On an answer with status 200 the error is in the field `Error`.
 */
import { expect, skip } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import {
  errorOf,
  fieldOf,
  requireError,
  requireSuccess,
  showAnswer,
  textOf,
} from '../session/read-answer.ts';
import type { Check } from './check.ts';

const kind = 'ipamdriver';
/** A pool of TEST-NET-2 (RFC 5737), which no host uses. */
const testPool = '198.51.100.0/24';
const cidr = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]+)\/\d{1,3}$/i;

/** Checks of pools and addresses. */
export const ipamChecks: readonly Check[] = [
  {
    code: 'ipam/capabilities',
    level: 'warning',
    kind,
    title: 'GetCapabilities is absent, or answers with booleans.',
    async run(session) {
      const answer = await session.call('IpamDriver.GetCapabilities');
      if (answer.status === 404) skip('the plugin has no IpamDriver.GetCapabilities: it requires nothing');
      const values = ['RequiresMACAddress', 'RequiresRequestReplay'].map((name) =>
        fieldOf(requireSuccess(answer), name),
      );
      const isFine = values.every(
        (value) => value === undefined || value === null || typeof value === 'boolean',
      );
      expect(isFine, `IpamDriver.GetCapabilities: ${showAnswer(answer)}: want booleans`);
    },
  },
  {
    code: 'ipam/address-spaces',
    level: 'error',
    kind,
    title: 'GetDefaultAddressSpaces names a local and a global address space.',
    async run(session) {
      const answer = await session.call('IpamDriver.GetDefaultAddressSpaces');
      const spaces = requireSuccess(answer);
      const isFine = ['LocalDefaultAddressSpace', 'GlobalDefaultAddressSpace'].every(
        (name) => textOf(spaces, name) !== '',
      );
      expect(isFine, `IpamDriver.GetDefaultAddressSpaces: ${showAnswer(answer)}: want both spaces`);
    },
  },
  {
    code: 'ipam/pool',
    level: 'error',
    kind,
    title: 'RequestPool gives an ID and the pool, which ReleasePool takes back.',
    run: (session) => withPool(session, async () => undefined),
  },
  {
    code: 'ipam/address',
    level: 'error',
    kind,
    title: 'Each RequestAddress gives another address of the pool, with its prefix length.',
    run: (session) =>
      withPool(session, async (PoolID) => {
        const first = await requestAddress(session, { PoolID, Address: '' });
        const second = await requestAddress(session, { PoolID, Address: '' });
        expect(first !== second, `two requests got the same address ${first}`);
        await release(session, PoolID, [first, second]);
      }),
  },
  {
    code: 'ipam/address-again',
    level: 'error',
    kind,
    title: 'A released address can be requested by its value.',
    run: (session) =>
      withPool(session, async (PoolID) => {
        const first = await requestAddress(session, { PoolID, Address: '' });
        await release(session, PoolID, [first]);
        const Address = first.split('/')[0] ?? '';
        const again = await requestAddress(session, { PoolID, Address });
        expect(again === first, `the request for ${Address} got ${again}`);
        await release(session, PoolID, [again]);
      }),
  },
  {
    code: 'ipam/address-taken',
    level: 'error',
    kind,
    title: 'A request for an address that is taken fails.',
    run: (session) =>
      withPool(session, async (PoolID) => {
        const first = await requestAddress(session, { PoolID, Address: '' });
        const Address = first.split('/')[0] ?? '';
        requireError(
          await session.call('IpamDriver.RequestAddress', { PoolID, Address, Options: {} }),
          `${Address}, which is taken`,
        );
        await release(session, PoolID, [first]);
      }),
  },
  {
    code: 'ipam/unknown-pool',
    level: 'error',
    kind,
    title: 'An address of an unknown pool is refused.',
    async run(session) {
      const request = { PoolID: 'outboard-check-nothing', Address: '', Options: null };
      requireError(await session.call('IpamDriver.RequestAddress', request), 'an unknown pool');
    },
  },
];

/** Run a step with a pool, which is released afterwards. */
async function withPool(session: CheckSession, step: (id: string) => Promise<void>): Promise<void> {
  const spaces = requireSuccess(await session.call('IpamDriver.GetDefaultAddressSpaces'));
  const request = {
    AddressSpace: textOf(spaces, 'LocalDefaultAddressSpace'),
    SubPool: '',
    Options: {},
    V6: false,
  };
  const asked = await session.call('IpamDriver.RequestPool', { ...request, Pool: testPool });
  // A driver that owns its range takes no pool of the caller.
  const answer =
    errorOf(asked) === undefined
      ? asked
      : await session.call('IpamDriver.RequestPool', { ...request, Pool: '' });
  const pool = requireSuccess(answer);
  const id = textOf(pool, 'PoolID');
  expect(
    id !== '' && cidr.test(textOf(pool, 'Pool')),
    `IpamDriver.RequestPool: ${showAnswer(answer)}: want "PoolID", and "Pool" such as "${testPool}"`,
  );
  try {
    await step(id);
  } finally {
    requireSuccess(await session.call('IpamDriver.ReleasePool', { PoolID: id }));
  }
}

async function requestAddress(
  session: CheckSession,
  request: { readonly PoolID: string; readonly Address: string },
): Promise<string> {
  const answer = await session.call('IpamDriver.RequestAddress', { ...request, Options: {} });
  const address = textOf(requireSuccess(answer), 'Address');
  expect(
    cidr.test(address),
    `IpamDriver.RequestAddress: ${showAnswer(answer)}: want "Address" such as "198.51.100.2/24"`,
  );
  return address;
}

async function release(session: CheckSession, PoolID: string, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const Address = address.split('/')[0];
    requireSuccess(await session.call('IpamDriver.ReleaseAddress', { PoolID, Address }));
  }
}
