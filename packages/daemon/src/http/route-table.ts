/**
 * The table of routes and how a path finds its row. A `{name}` matches greedily, slashes and colons included, because
 * plugin names hold them; a literal path wins over a pattern.
 */
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

export type RouteMethod = 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'OPTIONS';

/** One row: what is served where. */
export interface Route {
  readonly method: RouteMethod;
  /** A literal path, or one with a single `{name}`. */
  readonly path: string;
  /** The first version of the API that has it; default the lowest that is served. */
  readonly minimumVersion?: string;
  readonly handle: (exchange: Exchange) => Reply | Promise<Reply>;
}

/** A route and the part of the path that stood for `{name}`, still percent-encoded. */
export interface RouteMatch {
  readonly route: Route;
  readonly name: string;
}

interface Pattern {
  readonly route: Route;
  readonly before: string;
  readonly after: string;
}

/** Finds the route of a request. */
export type FindRoute = (method: string, path: string) => RouteMatch | undefined;

/** Index a table of routes. Of two patterns that match, the first in the table wins. */
export function createRouteTable(routes: readonly Route[]): FindRoute {
  const literals = new Map<string, Route>();
  const patterns = new Map<string, Pattern[]>();
  for (const route of routes) {
    const [before = '', after] = route.path.split('{name}');
    if (after === undefined) literals.set(`${route.method} ${route.path}`, route);
    else patterns.set(route.method, [...(patterns.get(route.method) ?? []), { route, before, after }]);
  }
  return (method, path) => {
    const route = literals.get(`${method} ${path}`);
    if (route !== undefined) return { route, name: '' };
    return matchPattern(patterns.get(method) ?? [], path);
  };
}

function matchPattern(patterns: readonly Pattern[], path: string): RouteMatch | undefined {
  for (const { route, before, after } of patterns) {
    const fits =
      path.length > before.length + after.length && path.startsWith(before) && path.endsWith(after);
    if (fits) return { route, name: path.slice(before.length, path.length - after.length) };
  }
  return undefined;
}
