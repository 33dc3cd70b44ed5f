/**
 * Replies of routes as values, so that authorization can inspect them before they are written.
 */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { encodeJson } from './json.ts';
import type { DocumentPieces } from './json-list.ts';

type ReplyHeaders = Readonly<Record<string, string>>;

/** A reply that is complete before it is written. */
export interface WholeReply {
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** Absent: neither body nor Content-Type. */
  readonly body?: string | DocumentPieces | undefined;
}

/**
 * A reply that is written while an operation runs. An error before the first byte becomes the status; a later one is part
 * of the stream, in a form that `write` chooses.
 */
export interface StreamedReply {
  readonly headers: ReplyHeaders;
  /**
   * Write the body without ending the response. Rejects only before the first byte.
   * @returns the error that is in the stream; undefined if the operation succeeded
   */
  readonly write: (response: ServerResponse) => Promise<unknown>;
}

/** A reply that upgrades the connection. */
export interface UpgradedReply {
  /**
   * Start the operation, then call `accept`, which answers 101 and returns the connection; `upgrade` ends it. Rejects only
   * before that call, and the error becomes the status.
   */
  readonly upgrade: (accept: () => Duplex) => Promise<void>;
}

/** Result of a route. */
export type Reply = WholeReply | StreamedReply | UpgradedReply;

/** Without charset: Docker's CLI compares the whole text. */
export const jsonContentType = 'application/json';

/** A reply without body. */
export function emptyReply(status: number, headers: ReplyHeaders = {}): WholeReply {
  return { status, headers };
}

/** A reply with a JSON document. */
export function jsonReply(status: number, value: unknown): WholeReply {
  return { status, headers: { 'Content-Type': jsonContentType }, body: `${encodeJson(value)}\n` };
}

/** A reply with an encoded JSON document, with the newline at its end. */
export function encodedJsonReply(status: number, document: DocumentPieces): WholeReply {
  return { status, headers: { 'Content-Type': jsonContentType }, body: document };
}
