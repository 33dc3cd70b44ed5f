/**
 * How much two words differ, to find the one that was meant.
 */

/**
 * The least number of letters to put in, take out, replace or swap with the next one, to make one word of the other.
 * @param limit what differs by more counts as this much
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
