/**
 * An HTTPS server. Loaded only if TLS is configured.
 */
import { constants } from 'node:crypto';
import type { Server, ServerOptions } from 'node:http';
import { createServer, type Server as SecureServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { TlsIdentity } from './tls-identity.ts';

/** Time limit of a handshake, for clients that connect and send nothing. */
const handshakeTimeoutMs = 10_000;

/** An HTTPS server whose identity can change. */
export interface TlsServer {
  readonly server: Server;
  /** Use another identity for new connections, and close idle ones. */
  useIdentity(identity: TlsIdentity): void;
}

/**
 * Create a server that does not listen yet.
 * @param options.verifyClients true if clients need a certificate from an authority of the identity
 * @param options.onRefused called with reason and client address of a failed handshake
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
 * No session tickets: with one, a client could resume a session after its certificate was revoked. No renegotiation: no
 * client needs it, and it costs the server more than the client.
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
