/**
 * `/_ping`: clients check the connection, and read the version of the API from the headers.
 */
import type { WholeReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

const headers = {
  'Content-Type': 'text/plain; charset=utf-8',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
};

/** `GET` and `HEAD`; only `GET` has a body. */
export function pingRoutes(): readonly Route[] {
  const get: WholeReply = { status: 200, headers, body: 'OK' };
  const head: WholeReply = { status: 200, headers: { ...headers, 'Content-Length': '0' } };
  return [
    { method: 'GET', path: '/_ping', handle: () => get },
    { method: 'HEAD', path: '/_ping', handle: () => head },
  ];
}
