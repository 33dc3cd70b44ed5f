/**
 * The table of routes and its look-up. `{name}` matches greedily, including the slashes and colons of plugin names; a
 * literal path takes precedence over a pattern.
 */
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

/** The methods of routes; `OPTIONS` is answered for every path. */
export type RouteMethod = 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'OPTIONS';

/** One row of the table. */
export interface Route {
  readonly method: RouteMethod;
  /** A literal path, or one with a single `{name}`. */
  readonly path: string;
  /** First version of the API with this route; default the lowest served version. */
  readonly minimumVersion?: string | undefined;
  readonly handle: (exchange: Exchange) => Reply | Promise<Reply>;
}

/** A route, and the part of the path at `{name}`, still percent-encoded. */
export interface RouteMatch {
  readonly route: Route;
  readonly name: string;
}

interface Pattern {
  readonly route: Route;
  readonly before: string;
  readonly after: string;
}

/** Finds the route of a method and path; undefined if there is none. */
export type FindRoute = (method: string, path: string) => RouteMatch | undefined;

/** Index a table of routes. The first of several matching patterns takes precedence. */
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
