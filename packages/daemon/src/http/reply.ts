/**
 * What a route answers, as a value: the server writes it, and checks around a route can look at it first.
 */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { encodeJson } from './json.ts';

type ReplyHeaders = Readonly<Record<string, string>>;

/** An answer that is known as a whole. */
export interface WholeReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** Absent: no body, and no Content-Type either. */
  readonly body?: string;
}

/**
 * An answer that is written while something happens. An error before the first byte becomes a status; afterwards `write`
 * itself tells the client of errors.
 */
export interface StreamedReply {
  readonly headers: ReplyHeaders;
  /**
   * Write everything but the end. Rejects only while no byte is written.
   * @returns the error that it told the client of; undefined when all went well
   */
  readonly write: (response: ServerResponse) => Promise<unknown>;
}

/** An answer that takes the connection over, for a request that asked for that. */
export interface UpgradedReply {
  /**
   * Call `accept` once what was asked for has begun: it answers 101. Rejects only before that, and the error becomes a
   * status; afterwards it ends the connection itself.
   */
  readonly upgrade: (accept: () => Duplex) => Promise<void>;
}

export type Reply = WholeReply | StreamedReply | UpgradedReply;

/** Exactly this and no charset: Docker's CLI compares the text. */
export const jsonContentType = 'application/json';

/** A status without a body. */
export function emptyReply(status: number, headers: ReplyHeaders = {}): WholeReply {
  return { status, headers };
}

/** A JSON document. */
export function jsonReply(status: number, value: unknown): WholeReply {
  return encodedJsonReply(status, encodeJson(value));
}

/** A JSON document that is encoded already. */
export function encodedJsonReply(status: number, document: string): WholeReply {
  return { status, headers: { 'Content-Type': jsonContentType }, body: `${document}\n` };
}
