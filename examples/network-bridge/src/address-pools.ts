/**
 * An IPAM driver: pools of a range that the operator gave, or of the operator's choice, and their addresses. All of it is
 * written to a file before it is answered, because engines keep what they got.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { AddressPool, AddressRequest, IpamDriver, PoolRequest } from '@outboard/sdk';
import {
  contains,
  formatAddress,
  formatRange,
  overlap,
  parseAddress,
  parseRange,
  type Range,
  sizeOf,
} from './ipv4.ts';

/** Prefix length of pools that the driver chooses. */
const chosenPrefixLength = 24;

/** A pool in use. */
interface Pool {
  readonly range: Range;
  /** Addresses to choose from. */
  readonly subRange: Range;
  /** Requests for it less its releases. */
  uses: number;
  /** Addresses in use, as numbers. */
  readonly taken: Set<number>;
}

/** Files and settings of the driver. */
export interface AddressPoolsOptions {
  /** Absolute path. */
  readonly file: string;
  /** Range that is divided into pools, such as `172.30.0.0/16`. */
  readonly range: Range;
}

/** Manages the addresses of all networks. Its calls run one after another. */
export class AddressPools implements IpamDriver {
  readonly #options: AddressPoolsOptions;
  /** By ID, which is the range and the range to choose from. */
  readonly #pools: Map<string, Pool>;
  /** Where the search for the next pool begins: an engine that refused one asks for another. */
  #next = 0;

  private constructor(options: AddressPoolsOptions, pools: Map<string, Pool>) {
    this.#options = options;
    this.#pools = pools;
  }

  /** Read the pools in use. */
  static async open(options: AddressPoolsOptions): Promise<AddressPools> {
    const text = await readFile(options.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    });
    const documents: readonly PoolDocument[] = JSON.parse(text);
    return new AddressPools(options, new Map(documents.map(parsePool)));
  }

  async requestPool({ pool, subPool, isIpv6 }: PoolRequest): Promise<AddressPool> {
    if (isIpv6) throw new Error('there are no IPv6 pools');
    const range = pool === undefined ? this.#chooseRange() : parseRange(pool);
    const subRange = subPool === undefined ? range : parseRange(subPool);
    if (!contains(range, subRange.first) || subRange.prefixLength < range.prefixLength) {
      throw new Error(`range "${subPool}" is not within "${pool}"`);
    }
    const poolId = `${formatRange(range)},${formatRange(subRange)}`;
    const known = this.#pools.get(poolId);
    const other = [...this.#pools.values()].find((used) => used !== known && overlap(used.range, range));
    if (other !== undefined) {
      throw new Error(`pool "${formatRange(range)}" overlaps "${formatRange(other.range)}", which is in use`);
    }
    this.#pools.set(poolId, known ?? { range, subRange, uses: 0, taken: new Set() });
    await this.#change(poolId, (used) => {
      used.uses += 1;
    });
    return { poolId, pool: formatRange(range) };
  }

  async releasePool(poolId: string): Promise<void> {
    await this.#change(poolId, (pool) => {
      pool.uses -= 1;
      if (pool.uses === 0) this.#pools.delete(poolId);
    });
  }

  async requestAddress({ poolId, address }: AddressRequest): Promise<string> {
    const pool = this.#pools.get(poolId);
    if (pool === undefined) throw new Error(`there is no pool "${poolId}"`);
    const chosen = address === undefined ? chooseAddress(pool) : parseAddress(address);
    if (!isHost(pool.range, chosen)) {
      throw new Error(`address "${address}" is none of a host in "${formatRange(pool.range)}"`);
    }
    if (pool.taken.has(chosen)) throw new Error(`address "${formatAddress(chosen)}" is in use`);
    await this.#change(poolId, ({ taken }) => taken.add(chosen));
    return `${formatAddress(chosen)}/${pool.range.prefixLength}`;
  }

  async releaseAddress(poolId: string, address: string): Promise<void> {
    const number = parseAddress(address);
    await this.#change(poolId, ({ taken }) => taken.delete(number));
  }

  #chooseRange(): Range {
    const { range } = this.#options;
    const size = 2 ** (32 - Math.max(chosenPrefixLength, range.prefixLength));
    const count = sizeOf(range) / size;
    for (let tried = 0; tried < count; tried += 1) {
      const at = (this.#next + tried) % count;
      const candidate = { first: range.first + at * size, prefixLength: 32 - Math.log2(size) };
      if ([...this.#pools.values()].some((used) => overlap(used.range, candidate))) continue;
      this.#next = at + 1;
      return candidate;
    }
    throw new Error(`all pools of "${formatRange(range)}" are in use`);
  }

  /** Change a pool, and write all. Unknown pools are none of ours any more. */
  async #change(poolId: string, change: (pool: Pool) => void): Promise<void> {
    const pool = this.#pools.get(poolId);
    if (pool === undefined) return;
    change(pool);
    const { file } = this.#options;
    await writeFile(`${file}.new`, JSON.stringify([...this.#pools].map(formatPool)), { flush: true });
    await rename(`${file}.new`, file);
  }
}

interface PoolDocument {
  readonly id: string;
  readonly uses: number;
  readonly taken: readonly string[];
}

function formatPool([id, { uses, taken }]: readonly [string, Pool]): PoolDocument {
  return { id, uses, taken: [...taken].map(formatAddress) };
}

function parsePool({ id, uses, taken }: PoolDocument): readonly [string, Pool] {
  const [range = '', subRange = ''] = id.split(',');
  const addresses = new Set(taken.map(parseAddress));
  return [id, { range: parseRange(range), subRange: parseRange(subRange), uses, taken: addresses }];
}

/** Neither the first address, which is the network's, nor the last one, which is for broadcasts. */
function isHost(range: Range, address: number): boolean {
  return address > range.first && address < range.first + sizeOf(range) - 1;
}

function chooseAddress({ range, subRange, taken }: Pool): number {
  const end = subRange.first + sizeOf(subRange);
  for (let address = subRange.first; address < end; address += 1) {
    if (isHost(range, address) && !taken.has(address)) return address;
  }
  throw new Error(`all addresses of "${formatRange(subRange)}" are in use`);
}
