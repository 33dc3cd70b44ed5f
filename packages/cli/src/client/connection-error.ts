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
  const isTls = 'tls' in address;
  const code = codeOf(error) ?? '';
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `cannot connect to the daemon at ${address.text}: is it running? (outboard daemon)`;
    case 'EACCES':
    case 'EPERM':
      return `cannot connect to the daemon at ${address.text}: permission denied; try it as root`;
    case 'ECONNRESET':
    case 'EPIPE': {
      const ended = `the daemon at ${address.text} ended the connection before its answer was complete`;
      if (isTls)
        return `${ended}; it may have refused the client's certificate (--tlscert), or that there is none`;
      return 'socketPath' in address ? ended : `${ended}; it may want TLS (--tlsverify)`;
    }
    default:
  }
  const alert = /_ALERT_(\w+)$/.exec(code)?.[1];
  if (isTls && alert !== undefined) {
    const reason = alert.toLowerCase().replaceAll('_', ' ');
    return `the daemon at ${address.text} refused the client: ${reason} (--tlscert, --tlskey)`;
  }
  if (isTls && /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|^EPROTO$/.test(code)) {
    return `cannot speak with the daemon at ${address.text}: it does not speak TLS, or not as the client does: ${messageOf(error)}`;
  }
  if (isTls && /CERT|^UNABLE_TO_|^INVALID_|^HOSTNAME_/.test(code)) {
    return `the daemon at ${address.text} cannot prove who it is: ${messageOf(error)} (--tlscacert)`;
  }
  return `cannot speak with the daemon at ${address.text}: ${messageOf(error)}`;
}
