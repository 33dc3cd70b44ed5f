/**
 * An HTTP client that sends exact bytes and accepts every response.
 */
import { connect, type Socket } from 'node:net';

/** A response as it was received. */
export interface RawResponse {
  readonly status: number;
  /** Values by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** After decoding of the chunked transfer coding. */
  readonly body: string;
}

/** Address of the server: a socket path, or a port on 127.0.0.1. */
export type Endpoint = string | number;

/** Open a connection. */
export function openConnection(endpoint: Endpoint): Promise<Socket> {
  const socket = typeof endpoint === 'string' ? connect(endpoint) : connect(endpoint, '127.0.0.1');
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Send bytes and read until the server closes the connection. */
export async function exchangeRaw(endpoint: Endpoint, bytes: string | Buffer): Promise<RawResponse> {
  const socket = await openConnection(endpoint);
  socket.write(bytes);
  return parseResponse(await readToEnd(socket));
}

/** Parts of a simple request. */
export interface SimpleRequest {
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly host?: string | undefined;
}

/** Send one request with `Connection: close`. */
export function send(
  endpoint: Endpoint,
  method: string,
  target: string,
  { body, headers = {}, host = 'docker' }: SimpleRequest = {},
): Promise<RawResponse> {
  const all = { Host: host, Connection: 'close', ...headers };
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ ...all, ...length }).map(([name, value]) => `${name}: ${value}\r\n`);
  return exchangeRaw(endpoint, `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}

/** Read until the other side closes the connection; a reset is no error. */
export function readToEnd(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(parts)));
  });
}

/** Parse a response. */
export function parseResponse(bytes: Buffer): RawResponse {
  const text = bytes.toString('utf8');
  const split = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...headerLines] = text.slice(0, split).split('\r\n');
  const headers = new Map(
    headerLines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = text.slice(split + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? joinChunks(rest) : rest;
  return { status: Number(statusLine.split(' ')[1]), headers, body };
}

/** Decode chunks of ASCII text. */
function joinChunks(text: string): string {
  let body = '';
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n');
    const length = Number.parseInt(rest.slice(0, end), 16);
    body += rest.slice(end + 2, end + 2 + length);
    rest = length === 0 ? '' : rest.slice(end + 2 + length + 2);
  }
  return body;
}
