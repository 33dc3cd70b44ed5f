/**
 * Calls of one interface of the plugin protocol, as all typed clients make them: each method has a time limit and a rule
 * for retries.
 */
import type { JsonObject } from '@outboard/oci';
import type { CallOptions, PluginClient } from '../calls/plugin-client.ts';
import type { ReplyFields } from '../calls/plugin-reply.ts';

/** Options that the caller of a typed client may give with each call. */
export type DriverCall = Pick<CallOptions, 'signal' | 'timeoutMs'>;

/** Time limit and retry rule of one method. */
export type MethodRule = Pick<CallOptions, 'idempotent' | 'confidential' | 'maxReplyBytes' | 'leavesErr'> & {
  readonly timeoutMs: number;
};

/** Calls one method of an interface. Without a request the body is empty. */
export type CallMethod<Method extends string> = (
  method: Method,
  request: JsonObject | undefined,
  call: DriverCall | undefined,
) => Promise<ReplyFields>;

/** For methods that create something, possibly on slow or remote storage: 120 s, sent once. */
export const slowMethod: MethodRule = { timeoutMs: 120_000 };
/** For methods that change something: 60 s, sent once. */
export const method: MethodRule = { timeoutMs: 60_000 };
/** For methods that only read: 60 s, sent again when the reply was lost. */
export const query: MethodRule = { timeoutMs: 60_000, idempotent: true };

/** The options of a call: the method's rule, with what the caller gave. */
export function ruledCall(rule: MethodRule, call: DriverCall = {}): CallOptions {
  return { ...rule, signal: call.signal, timeoutMs: call.timeoutMs ?? rule.timeoutMs };
}

/**
 * The calls of an interface.
 * @param interfaceName the part of a method before the dot, such as `NetworkDriver`
 */
export function callsOf<Method extends string>(
  client: PluginClient,
  interfaceName: string,
  rules: Readonly<Record<Method, MethodRule>>,
): CallMethod<Method> {
  return (name, request, call) =>
    client.call(`${interfaceName}.${name}`, request, ruledCall(rules[name], call));
}
