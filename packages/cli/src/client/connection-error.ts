/**
 * Messages for failed connections to a daemon, with the likely remedy.
 */
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import type { EngineAddress } from './engine-address.ts';

/** Describe an error of a connection. @returns a `CommandError` with the error as its cause; other `CommandError`s unchanged */
export function explainConnectionError(error: unknown, address: EngineAddress): unknown {
  if (error instanceof CommandError) return error;
  return new CommandError(describe(error, address), { cause: error });
}

function describe(error: unknown, address: EngineAddress): string {
  const code = codeOf(error) ?? '';
  return (
    describeSystemError(code, address) ??
    ('tls' in address ? describeTlsError(code, messageOf(error), address.text) : undefined) ??
    describePlainError(code, address) ??
    `cannot communicate with the daemon at ${address.text}: ${messageOf(error).trim()}`
  );
}

function describeSystemError(code: string, address: EngineAddress): string | undefined {
  const failure = `cannot connect to the daemon at ${address.text}`;
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `${failure}: is it running? ${startHint(address)}`;
    case 'EACCES':
    case 'EPERM':
      return `${failure}: permission denied; use sudo, or join the group of its socket, "outboard" by default`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${failure}: the host name ${'host' in address ? `"${address.host}" ` : ''}cannot be resolved`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${failure}: the host does not answer`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the daemon at ${address.text} closed the connection before its answer was complete${whyEnded(address)}`;
    default:
      return undefined;
  }
}

function whyEnded(address: EngineAddress): string {
  if ('tls' in address) return "; it may have refused the client's certificate (--tlscert), or require one";
  return 'socketPath' in address ? '' : '; it may require TLS (--tlsverify)';
}

/** OpenSSL's errors for a server that does not speak TLS. */
const notTls = /wrong.version.number|packet.length.too.long|http.request|unknown.protocol/i;

function describeTlsError(code: string, message: string, address: string): string | undefined {
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1];
  if (alert !== undefined) {
    const reason = alert.toLowerCase().replaceAll('_', ' ');
    return `the daemon at ${address} refused the client: ${reason} (--tlscert, --tlskey)`;
  }
  if (notTls.test(code) || notTls.test(message)) {
    return `the server at ${address} does not speak TLS: use its TLS port, or omit --tlsverify, --tls and DOCKER_TLS_VERIFY`;
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return `TLS handshake with the server at ${address} failed: ${opensslReason(message)}`;
  }
  if (/CERT|^UNABLE_TO_|^INVALID_|^HOSTNAME_/.test(code)) {
    return `cannot verify the certificate of the daemon at ${address}: ${message.trim()} (--tlscacert)`;
  }
  return undefined;
}

/** A TCP port that answers with something other than HTTP usually speaks TLS. */
function describePlainError(code: string, address: EngineAddress): string | undefined {
  if (!code.startsWith('HPE_')) return undefined;
  const isPort = !('socketPath' in address) && !('tls' in address);
  return `the server at ${address.text} does not speak HTTP${isPort ? '; it may require TLS (--tlsverify)' : ''}`;
}

/** The reason in an error of OpenSSL: `error:0A00018F:SSL routines::ee key too small`, with or without a source file. */
export function opensslReason(message: string): string {
  return /:[^:]*routines:[^:]*:([^:\n]+)/.exec(message)?.[1]?.trim() ?? message.trim();
}

/** The command that starts Outboard's daemon, or that leaves the context which nothing on the command line names. */
function startHint({ isCurrentContext }: EngineAddress): string {
  if (isCurrentContext !== true) return '(outboard daemon)';
  return "(docker context use selected it; for Outboard's own daemon: outboard --context default)";
}
