/**
 * Many clients at once, each with operations of its own on plugins that no other client changes: no request is refused for
 * what another client did.
 */
import { LoadClient, type LoadRequest } from './load-client.ts';
import { type OperationName, pluginName, requests } from './operations.ts';

/** Parameters of a load. */
export interface MixedLoad {
  readonly socketPath: string;
  readonly plugins: number;
  /** The first plugins are enabled. */
  readonly enabled: number;
  readonly clients: number;
  readonly seconds: number;
  /** Mean pause of a client between two operations, in milliseconds. */
  readonly pauseMs: number;
  readonly context: Uint8Array;
  /** Ends the load early. */
  readonly signal?: AbortSignal | undefined;
}

/** Durations in milliseconds and errors, of all clients. */
export interface LoadResults {
  readonly durations: ReadonlyMap<OperationName, readonly number[]>;
  readonly errors: readonly string[];
}

/** Out of 100 operations. */
const shares: readonly (readonly [string, number])[] = [
  ['inspect', 40],
  ['list', 20],
  ['set', 20],
  ['status', 5],
  ['cycle', 7],
  ['replace', 7],
  ['gc', 1],
];

/** Run all clients until the time is over; operations under way are completed. */
export async function runMixedLoad(load: MixedLoad): Promise<LoadResults> {
  const durations = new Map<OperationName, number[]>();
  const errors: string[] = [];
  const endAt = performance.now() + load.seconds * 1000;
  const clients = Array.from({ length: load.clients }, async (_, number) => {
    const client = new LoadClient(load.socketPath);
    const random = randomNumbers(number + 1);
    const send = async (operation: OperationName, request: LoadRequest) => {
      const { elapsedMs, error } = await client.send(request);
      const figures = durations.get(operation) ?? [];
      durations.set(operation, figures);
      figures.push(elapsedMs);
      if (error !== undefined) errors.push(error);
    };
    await pause(random() * load.pauseMs * 2);
    while (performance.now() < endAt && load.signal?.aborted !== true) {
      await work({ load, number, random, send });
      await pause(random() * load.pauseMs * 2);
    }
    client.close();
  });
  await Promise.all(clients);
  return { durations, errors };
}

interface Worker {
  readonly load: MixedLoad;
  readonly number: number;
  readonly random: () => number;
  readonly send: (operation: OperationName, request: LoadRequest) => Promise<void>;
}

/** One operation, or a pair that leaves the plugins as they were. */
async function work({ load, number, random, send }: Worker): Promise<void> {
  const any = () => pluginName(Math.floor(random() * load.plugins));
  switch (choose(random() * 100)) {
    case 'inspect':
      return await send('inspect', requests.inspect(any()));
    case 'list':
      return await send('list', requests.list());
    case 'status':
      return await send('status', requests.status());
    case 'gc':
      return await send('gc', requests.gc());
    case 'set':
      return await send('set', requests.set(own(load, number, random, 'disabled'), Math.floor(random() * 9)));
    case 'cycle': {
      // Clients beyond the enabled plugins have none of their own.
      if (number >= load.enabled) return await send('inspect', requests.inspect(any()));
      const name = own(load, number, random, 'enabled');
      await send('disable', requests.disable(name));
      return await send('enable', requests.enable(name));
    }
    default: {
      const name = `load/client-${number}:latest`;
      await send('create', requests.create(name, load.context));
      return await send('remove', requests.remove(name));
    }
  }
}

function choose(point: number): string {
  let sum = 0;
  for (const [name, share] of shares) {
    sum += share;
    if (sum > point) return name;
  }
  return 'replace';
}

/** A plugin that only this client changes. */
function own(
  { plugins, enabled, clients }: MixedLoad,
  number: number,
  random: () => number,
  kind: 'enabled' | 'disabled',
): string {
  const [first, count] = kind === 'enabled' ? [0, enabled] : [enabled, plugins - enabled];
  const rounds = Math.max(1, Math.floor(count / clients));
  const index = (number % count) + Math.floor(random() * rounds) * clients;
  return pluginName(first + (index < count ? index : number % count));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The same numbers in each run. @see Marsaglia, "Xorshift RNGs" */
function randomNumbers(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
