/**
 * The listening socket of one plugin.
 */
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { fromCallback } from '@outboard/async';
import type { GatewayAccess } from '../gateway.ts';

/** A socket that listens. */
export interface PluginSocket {
  /** Handle further requests with another handler. */
  use(handle: RequestListener): void;
  /** Accept no connection, and wait for the requests in flight. */
  close(): Promise<void>;
}

/** Listen at a path. @throws the system's error, such as EADDRINUSE */
export async function openPluginSocket(
  path: string,
  access: GatewayAccess,
  handle: RequestListener,
): Promise<PluginSocket> {
  let current = handle;
  const server = createServer((request, response) => current(request, response));
  // bind() happens inside listen(): the umask denies connections before chmod, and is changed for this call only.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await once(server, 'listening');
  if (access.gid !== undefined) chownSync(path, 0, access.gid);
  chmodSync(path, access.mode);
  return {
    use(next) {
      current = next;
    },
    async close() {
      const closed = fromCallback((done) => server.close(() => done()));
      server.closeIdleConnections();
      await closed;
    },
  };
}
