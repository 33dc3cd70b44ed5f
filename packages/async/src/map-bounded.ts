/**
 * The same work on many items, a bounded number at a time: a thousand files opened at once would use up the file
 * descriptors of this process.
 */

/** Enough to keep a disk busy, and few of the 100 descriptors that a process may be limited to. */
const defaultAtOnce = 16;

/**
 * Do work on every item.
 * @param atOnce bound on the work under way, default 16
 * @returns the results, in the items' order
 * @throws the first error, once the work under way has ended; no more is begun then
 */
export async function mapBounded<Item, Result>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<Result>,
  atOnce: number = defaultAtOnce,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  // All workers draw from one iterator.
  const entries = [...items].entries();
  const drawAndWork = async (): Promise<void> => {
    for (const [index, item] of entries) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, drawAndWork));
  if (failures.length > 0) throw failures[0];
  return results;
}
