/**
 * The line of a call: a JSON document. Pure; it bounds every text, and shows no secret.
 */
import { consumerCodec } from '@outboard/engine';
import type { EndedCall } from './call-log.ts';
import { redact } from './redact.ts';

const maxMethodLength = 80;
const maxErrorLength = 500;
const maxNameLength = 255;

/** Interfaces whose errors may repeat what they were sent: secrets, and requests of users. */
const silentInterfaces = /^(SecretProvider|AuthZPlugin|LogDriver)\./;

/** Encode a call. No line ends. */
export function encodeCall(call: EndedCall): string {
  const { plugin, method, volume, consumer, status, outcome, requestBytes, answerBytes } = call;
  return JSON.stringify({
    Time: new Date(call.startedAt).toISOString(),
    Plugin: plugin.name,
    Method: shorten(method, maxMethodLength),
    ...(volume === undefined ? {} : { Volume: shorten(volume, maxNameLength) }),
    Outcome: outcome,
    ...(status === undefined ? {} : { Status: status }),
    DurationMs: Math.round(call.durationMs * 1000) / 1000,
    ...errorOf(call),
    RequestBytes: requestBytes,
    AnswerBytes: answerBytes,
    Consumer: consumerCodec.encode(consumer),
  });
}

function errorOf({ method, error, secrets, outcome }: EndedCall): { readonly Error?: string } {
  if (error === undefined) return {};
  // The gateway's own errors are always shown.
  if (outcome === 'failure' && silentInterfaces.test(method)) return { Error: 'not recorded' };
  // Redacted first: a cut may not leave the beginning of a secret that is not found then.
  return { Error: shorten(redact(error, secrets), maxErrorLength) };
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
