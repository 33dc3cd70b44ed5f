/** Gives out the networks 10.200.0.0/24 to 10.200.255.0/24 and their addresses, and remembers them in a file. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type IpamDriver, PluginError } from '@outboard/sdk';

/** Addresses in use, by the third number of their network. */
type Pools = Record<string, { uses: number; addresses: string[] }>;

export async function openDriver(directory: string): Promise<IpamDriver> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'pools.json');
  const pools: Pools = await readPools(file);

  /** Before an answer: the engine asks only once. */
  async function save(): Promise<void> {
    await writeFile(`${file}.new`, JSON.stringify(pools), { flush: true });
    await rename(`${file}.new`, file);
  }

  return {
    async requestPool({ pool, isIpv6 }) {
      if (isIpv6) throw new PluginError('this driver has no IPv6 addresses');
      const wanted = pool === undefined ? undefined : /^10\.200\.(\d{1,3})\.0\/24$/.exec(pool)?.[1];
      if (pool !== undefined && wanted === undefined) {
        throw new PluginError(`cannot use the pool ${pool}: want one from 10.200.0.0/24 to 10.200.255.0/24`);
      }
      const id = wanted ?? firstFree(pools);
      pools[id] ??= { uses: 0, addresses: [] };
      pools[id].uses += 1;
      await save();
      return { poolId: id, pool: `10.200.${id}.0/24` };
    },
    async releasePool(poolId) {
      const pool = pools[poolId];
      if (pool === undefined) return;
      pool.uses -= 1;
      if (pool.uses === 0) delete pools[poolId];
      await save();
    },
    async requestAddress({ poolId, address }) {
      const pool = pools[poolId];
      if (pool === undefined) throw new PluginError(`unknown pool "${poolId}"`);
      const candidates = Array.from({ length: 254 }, (_, index) => `10.200.${poolId}.${index + 1}`);
      const free = candidates.find((each) => !pool.addresses.includes(each) && (address ?? each) === each);
      if (free === undefined) {
        throw new PluginError(address === undefined ? 'no address is free' : `${address} cannot be used`);
      }
      pool.addresses.push(free);
      await save();
      return `${free}/24`;
    },
    async releaseAddress(poolId, address) {
      const pool = pools[poolId];
      if (pool === undefined) return;
      pool.addresses = pool.addresses.filter((each) => each !== address);
      await save();
    },
  };
}

function firstFree(pools: Pools): string {
  for (let number = 0; number < 256; number++) if (pools[number] === undefined) return String(number);
  throw new PluginError('no pool is free');
}

async function readPools(file: string): Promise<Pools> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
