/**
 * An HTTP server over TLS. Loaded only when TLS is configured.
 */
import { constants } from 'node:crypto';
import type { Server, ServerOptions } from 'node:http';
import { createServer, type Server as SecureServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { TlsIdentity } from './tls-identity.ts';

/** A client that connects and says nothing is dropped after this. */
const handshakeTimeoutMs = 10_000;

/** An HTTP server whose identity can change. */
export interface TlsServer {
  readonly server: Server;
  /** Use another identity for the connections to come, and close those that nothing happens on. */
  useIdentity(identity: TlsIdentity): void;
}

/**
 * Create a server; it listens on nothing yet.
 * @param options.verifyClients whether clients must show a certificate of an authority of the identity
 * @param options.onRefused told why a handshake failed, and whose it was
 */
export function createTlsServer(
  httpOptions: ServerOptions,
  identity: TlsIdentity,
  options: {
    readonly verifyClients: boolean;
    readonly onRefused: (reason: string, address: string | undefined) => void;
  },
): TlsServer {
  const server: SecureServer = createServer({
    ...httpOptions,
    ...withRules(identity),
    requestCert: options.verifyClients,
    rejectUnauthorized: options.verifyClients,
    handshakeTimeout: handshakeTimeoutMs,
  });
  server.on('tlsClientError', (error, socket) => {
    options.onRefused(reasonOf(error), socket.remoteAddress);
  });
  return {
    server,
    useIdentity(next) {
      server.setSecureContext(withRules(next));
      server.closeIdleConnections();
    },
  };
}

/**
 * No tickets: with one, a client that was checked before could come back unchecked after its certificate was revoked. No
 * renegotiation: it serves no client here, and costs the server more than whoever asks for it.
 */
function withRules(identity: TlsIdentity): SecureContextOptions {
  return {
    ...identity.context,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message.slice(0, 200);
}
