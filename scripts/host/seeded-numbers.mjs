/**
 * Repeatable random numbers.
 */
import { createHash } from 'node:crypto';

/**
 * Numbers from 0 to below 1, the same for the same seed.
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function seededNumbers(seed) {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32BE() / 2 ** 32;
}
