/**
 * Why a daemon could not be spoken with, in the words of someone who wanted to reach one.
 */
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import type { EngineAddress } from './engine-address.ts';

/** @returns a `CommandError` whose cause is the error, unless it is one already */
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
    `cannot speak with the daemon at ${address.text}: ${messageOf(error).trim()}`
  );
}

function describeSystemError(code: string, address: EngineAddress): string | undefined {
  const failure = `cannot connect to the daemon at ${address.text}`;
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `${failure}: is it running? (outboard daemon)${unusedContext(address)}`;
    case 'EACCES':
    case 'EPERM':
      return `${failure}: permission denied; use sudo, or ask for membership in the group of its socket, "outboard" by default`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${failure}: the host name ${'host' in address ? `"${address.host}" ` : ''}cannot be resolved`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${failure}: the host does not answer`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the daemon at ${address.text} ended the connection before its answer was complete${whyEnded(address)}`;
    default:
      return undefined;
  }
}

function whyEnded(address: EngineAddress): string {
  if ('tls' in address)
    return "; it may have refused the client's certificate (--tlscert), or that there is none";
  return 'socketPath' in address ? '' : '; it may want TLS (--tlsverify)';
}

/** How OpenSSL calls an answer that is not one of TLS. */
const notTls = /wrong.version.number|packet.length.too.long|http.request|unknown.protocol/i;

function describeTlsError(code: string, message: string, address: string): string | undefined {
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1];
  if (alert !== undefined) {
    const reason = alert.toLowerCase().replaceAll('_', ' ');
    return `the daemon at ${address} refused the client: ${reason} (--tlscert, --tlskey)`;
  }
  if (notTls.test(code) || notTls.test(message)) {
    return `the server at ${address} does not speak TLS: name the port on which it does, or leave out --tlsverify, --tls and DOCKER_TLS_VERIFY`;
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return `cannot agree on TLS with the server at ${address}: ${opensslReason(message)}`;
  }
  if (/CERT|^UNABLE_TO_|^INVALID_|^HOSTNAME_/.test(code)) {
    return `the daemon at ${address} cannot prove who it is: ${message.trim()} (--tlscacert)`;
  }
  return undefined;
}

/** What is not HTTP, from a port, is mostly TLS. */
function describePlainError(code: string, address: EngineAddress): string | undefined {
  if (!code.startsWith('HPE_')) return undefined;
  const isPort = !('socketPath' in address) && !('tls' in address);
  return `the server at ${address.text} does not speak HTTP${isPort ? '; it may want TLS (--tlsverify)' : ''}`;
}

/** The words in an error of OpenSSL: `error:0A00018F:SSL routines::ee key too small`, with or without a source file. */
export function opensslReason(message: string): string {
  return /:[^:]*routines:[^:]*:([^:\n]+)/.exec(message)?.[1]?.trim() ?? message.trim();
}

function unusedContext({ unusedContext: name }: EngineAddress): string {
  if (name === undefined) return '';
  return `; the current context of docker, "${name}", is not used unless it is named: outboard --context ${name}`;
}
