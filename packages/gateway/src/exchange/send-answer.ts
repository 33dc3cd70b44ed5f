/**
 * Answers of the gateway to its consumers.
 */
import type { ServerResponse } from 'node:http';
import { type Cancellable, waitForDrain } from '@outboard/async';
import { endToEndHeaders } from './http-headers.ts';

/** The media type of all known plugins, of which no known consumer takes notice. */
const contentType = 'application/vnd.docker.plugins.v1.2+json';

/** A whole answer of a plugin. */
export interface WholeAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** Send JSON. @returns the body */
export function sendJson(
  response: ServerResponse,
  { status, text }: { status: number; text: string },
): Buffer {
  const body = Buffer.from(`${text}\n`);
  const allow = status === 405 ? ['Allow', 'POST'] : [];
  response.writeHead(status, ['Content-Type', contentType, 'Content-Length', String(body.length), ...allow]);
  endWith(response, body);
  return body;
}

/** Send the answer of a plugin as it is. */
export function sendWhole(response: ServerResponse, { status, headers, body }: WholeAnswer): void {
  const kept = endToEndHeaders(headers, true);
  kept.push('Content-Length', String(body.length));
  response.writeHead(status, kept);
  endWith(response, body);
}

/** Up to this size, one write of head and body together costs less than one of both apart. */
const joinedBytes = 16 * 1024;

function endWith(response: ServerResponse, body: Buffer): void {
  // Node.js joins a string with the head. Latin 1 keeps every byte.
  if (body.length <= joinedBytes) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

/**
 * Send an answer as it arrives. Returns early when the consumer leaves.
 * @returns the number of bytes
 * @throws the error of the body
 */
export async function sendStream(
  response: ServerResponse,
  answer: { status: number; headers: readonly string[]; body: AsyncIterable<Uint8Array> },
  options: Cancellable,
): Promise<number> {
  response.writeHead(answer.status, endToEndHeaders(answer.headers, false));
  response.flushHeaders();
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (!response.write(chunk) && !(await waitForDrain(response, options))) return bytes;
  }
  response.end();
  return bytes;
}
