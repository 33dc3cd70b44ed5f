/**
 * HTTP/1.1 as bytes: sends exactly what a case says and returns the raw response, so that no client library hides a
 * header, a coding or a broken connection.
 */
import { connect, type Socket } from 'node:net';

/** A request with its final body. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly framing: 'length' | 'chunked';
}

/** A raw response. */
export interface WireAnswer {
  readonly status: number;
  /** By lower-case name; several headers of one name are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** With chunked coding undone. */
  readonly body: Buffer;
}

/** Upper bound for a response; above that of Docker for a plugin that does not start. */
const silenceMs = 60_000;

/**
 * Send requests on one connection, the last of which closes it.
 *
 * @returns the responses; fewer than requests if the server closed the connection first
 * @throws {Error} after a minute without a byte, or if the response is not HTTP/1.1
 */
export async function exchange(
  socketPath: string,
  requests: readonly WireRequest[],
): Promise<readonly WireAnswer[]> {
  const socket = await open(socketPath);
  const last = requests.length - 1;
  for (const [index, request] of requests.entries()) socket.write(encodeRequest(request, index === last));
  return parseAnswers(
    await readToEnd(socket),
    requests.map(({ method }) => method),
  );
}

function open(path: string): Promise<Socket> {
  const socket = connect(path);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function encodeRequest(request: WireRequest, isLast: boolean): Buffer {
  const { method, target, body, framing } = request;
  const isChunked = framing === 'chunked';
  const framed = body === undefined ? {} : framingHeaders(body, isChunked);
  const headers = {
    Host: 'docker',
    ...(isLast ? { Connection: 'close' } : {}),
    ...request.headers,
    ...framed,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  if (body === undefined) return head;
  return Buffer.concat([head, isChunked ? encodeChunks(body) : body]);
}

function framingHeaders(body: Buffer, isChunked: boolean): Readonly<Record<string, string>> {
  return isChunked ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': String(body.length) };
}

function encodeChunks(body: Buffer): Buffer {
  const chunk =
    body.length === 0 ? [] : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')];
  return Buffer.concat([...chunk, Buffer.from('0\r\n\r\n')]);
}

/** A reset counts as an end of the stream: the bytes before it count. */
function readToEnd(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    socket.setTimeout(silenceMs, () => {
      socket.destroy();
      reject(new Error(`no answer for ${silenceMs / 1000} seconds`));
    });
    socket.on('data', (part) => parts.push(part));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(parts)));
  });
}

/** Parse the bytes of a connection. @param methods of the requests: a response to HEAD has no body */
export function parseAnswers(bytes: Buffer, methods: readonly string[]): readonly WireAnswer[] {
  const answers: WireAnswer[] = [];
  let rest = bytes;
  for (const method of methods) {
    if (rest.length === 0) break;
    const parsed = parseAnswer(rest, method);
    answers.push(parsed.answer);
    rest = parsed.rest;
  }
  if (rest.length > 0)
    throw new Error(`unexpected bytes after the answer: ${rest.toString('latin1', 0, 100)}`);
  return answers;
}

function parseAnswer(bytes: Buffer, method: string): { answer: WireAnswer; rest: Buffer } {
  const split = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...headerLines] = bytes.toString('latin1', 0, Math.max(split, 0)).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${statusLine} `)?.[1]);
  if (split < 0 || Number.isNaN(status)) {
    throw new Error(`not an HTTP/1.1 answer: ${JSON.stringify(bytes.toString('latin1', 0, 100))}`);
  }
  const headers = parseHeaders(headerLines);
  const { body, rest } = takeBody(bytes.subarray(split + 4), {
    headers,
    isBodiless: method === 'HEAD' || status === 204,
  });
  return { answer: { status, headers, body }, rest };
}

function parseHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function takeBody(
  bytes: Buffer,
  of: { readonly headers: ReadonlyMap<string, string>; readonly isBodiless: boolean },
): { body: Buffer; rest: Buffer } {
  if (of.isBodiless) return { body: Buffer.alloc(0), rest: bytes };
  if (of.headers.get('transfer-encoding') === 'chunked') return joinChunks(bytes);
  const length = of.headers.get('content-length');
  if (length === undefined) return { body: bytes, rest: Buffer.alloc(0) };
  return { body: bytes.subarray(0, Number(length)), rest: bytes.subarray(Number(length)) };
}

/** @throws {Error} if the last chunk is missing, which means a cut body */
function joinChunks(bytes: Buffer): { body: Buffer; rest: Buffer } {
  const parts: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n');
    const length = Number.parseInt(rest.toString('latin1', 0, Math.max(end, 0)), 16);
    if (Number.isNaN(length)) throw new Error('the body ended without its last chunk');
    parts.push(rest.subarray(end + 2, end + 2 + length));
    rest = rest.subarray(end + 2 + length + 2);
    if (length === 0) return { body: Buffer.concat(parts), rest };
  }
}
