/**
 * What the typed clients have in common: calls of one interface, each method with a time limit of its own and with a
 * word on whether it may be sent again when its reply was lost.
 */
import type { JsonObject } from '@outboard/oci';
import type { CallOptions, PluginClient } from '../calls/plugin-client.ts';
import type { ReplyFields } from '../calls/plugin-reply.ts';

/** What a caller may say about one call. @see CallOptions */
export type DriverCall = Pick<CallOptions, 'signal' | 'timeoutMs'>;

/** How the calls of one method are made. */
export type MethodRule = Pick<CallOptions, 'idempotent' | 'confidential' | 'maxReplyBytes'> & {
  readonly timeoutMs: number;
};

/** Calls one method of an interface. Without a request the body is empty. */
export type CallMethod<Method extends string> = (
  method: Method,
  request: JsonObject | undefined,
  call: DriverCall | undefined,
) => Promise<ReplyFields>;

const longTimeoutMs = 120_000;
const shortTimeoutMs = 60_000;

/** For methods that make something, perhaps on storage or a network far away: 120 s, sent once. */
export const slowMethod: MethodRule = { timeoutMs: longTimeoutMs };
/** For methods that change something: 60 s, sent once. */
export const method: MethodRule = { timeoutMs: shortTimeoutMs };
/** For methods that only ask: 60 s, sent again when the reply was lost. */
export const query: MethodRule = { timeoutMs: shortTimeoutMs, idempotent: true };

/**
 * Calls of an interface by its rules.
 * @param interfaceName the part of a method before the dot, such as `NetworkDriver`
 */
export function callsOf<Method extends string>(
  client: PluginClient,
  interfaceName: string,
  rules: Readonly<Record<Method, MethodRule>>,
): CallMethod<Method> {
  return (name, request, call) => {
    return client.call(`${interfaceName}.${name}`, request, { ...rules[name], ...call });
  };
}
