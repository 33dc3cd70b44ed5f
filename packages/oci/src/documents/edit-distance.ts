/**
 * The distance of two words, to suggest the right one for a misspelt key.
 */

/**
 * Count the insertions, deletions, replacements and swaps of neighbours that turn one word into the other, at least.
 * @param limit upper bound of the result: the search ends there
 */
export function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let [before, previous]: number[][] = [[], Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (previous?.[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (previous?.[column - 1] ?? limit) + (isSame ? 0 : 1),
        isSwapped ? (before?.[column - 2] ?? limit) + 1 : limit,
      );
    }
    [before, previous] = [previous ?? [], current];
  }
  return Math.min(previous?.[right.length] ?? limit, limit);
}
