/**
 * Finds a circle in a graph of files.
 */

/**
 * The first circle, as the path that walks it: first and last are the same file.
 *
 * @param edges which files each file imports
 * @returns undefined if there is none
 */
export function findCircle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const finished = new Set<string>();
  const path: string[] = [];
  function visit(file: string): readonly string[] | undefined {
    const start = path.indexOf(file);
    if (start !== -1) return [...path.slice(start), file];
    if (finished.has(file)) return undefined;
    path.push(file);
    for (const imported of edges.get(file) ?? []) {
      const circle = visit(imported);
      if (circle !== undefined) return circle;
    }
    path.pop();
    finished.add(file);
    return undefined;
  }
  for (const file of edges.keys()) {
    const circle = visit(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
