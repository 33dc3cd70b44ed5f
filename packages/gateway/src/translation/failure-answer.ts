/**
 * Failures in the one form that each consumer understands: a status of 400 or more, and a body with `Err`.
 */
import { isOutboardError } from '@outboard/oci';

/** An answer that the gateway made itself. */
export interface GatewayAnswer {
  readonly status: number;
  /** JSON. */
  readonly text: string;
}

const statuses: Readonly<Record<string, number | undefined>> = {
  'request-too-large': 413,
  'plugin-timeout': 504,
  'plugin-connection-lost': 502,
  'plugin-reply-malformed': 502,
  'plugin-reply-too-large': 502,
};
const statusOfKind: Readonly<Record<string, number | undefined>> = {
  invalid: 400,
  'not-implemented': 404,
  unavailable: 503,
};

/**
 * The answer for a failure. IPAM drivers report theirs in `Error`, so that both are set.
 * @param method that was called
 */
export function failureAnswer(method: string, status: number, reason: string): GatewayAnswer {
  const isIpam = method.startsWith('IpamDriver.');
  return { status, text: JSON.stringify(isIpam ? { Err: reason, Error: reason } : { Err: reason }) };
}

/** The same for an error of the gateway or the engine. A failure that the driver itself reported keeps its text. */
export function errorAnswer(method: string, error: unknown): GatewayAnswer {
  if (!isOutboardError(error)) {
    const reason = error instanceof Error ? error.message : String(error);
    return failureAnswer(method, 500, reason);
  }
  const { code, kind, details, message } = error;
  const reported = code === 'plugin-error' && typeof details?.err === 'string' ? details.err : undefined;
  return failureAnswer(method, statuses[code ?? ''] ?? statusOfKind[kind] ?? 500, reported ?? message);
}
