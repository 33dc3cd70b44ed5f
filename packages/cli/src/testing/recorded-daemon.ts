/**
 * A daemon on a unix socket with scripted answers, which were recorded from Docker 20.10.24 and Outboard.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** A received request. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Writes an answer. */
export type Answer = (response: ServerResponse, request: SeenRequest) => void;

/** A running daemon. Close it. */
export interface RecordedDaemon {
  /** `unix://…` */
  readonly address: string;
  /** All requests but pings, in order. */
  readonly requests: readonly SeenRequest[];
  /** `METHOD URL` of these requests. */
  lines(): readonly string[];
  close(): Promise<void>;
}

/** Answers of a daemon. */
export interface RecordedDaemonOptions {
  /** Answers by `METHOD /path`, without version and query. Other requests are answered with 404. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** The `Api-Version` header; null for none. */
  readonly apiVersion?: string | null | undefined;
}

/** Start a daemon. */
export async function startRecordedDaemon(options: RecordedDaemonOptions): Promise<RecordedDaemon> {
  const directory = await mkdtemp(join(tmpdir(), 'ob-cli-'));
  const socket = join(directory, 's');
  const requests: SeenRequest[] = [];
  const { answers, apiVersion = '1.51' } = options;
  const server = createServer((request, response) => {
    void buffer(request).then(
      (body) => {
        const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
        if (apiVersion !== null) response.setHeader('Api-Version', apiVersion);
        const path = seen.url.replace(/^\/v[\d.]+/, '').replace(/\?.*/, '');
        if (path === '/_ping') return response.end();
        requests.push(seen);
        const answer = answers[`${seen.method} ${path}`] ?? json({ message: 'page not found' }, 404);
        return answer(response, seen);
      },
      // The client closed the connection, which the test observes.
      () => response.destroy(),
    );
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    address: `unix://${socket}`,
    requests,
    lines: () => requests.map(({ method, url }) => `${method} ${url}`),
    async close() {
      server.close();
      server.closeAllConnections();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A JSON answer. */
export function json(value: unknown, status = 200): Answer {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
  };
}

/** An answer without a body. */
export function empty(status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end();
}

/** Progress lines, as Docker frames them. */
export function progress(lines: readonly object[], headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
    response.end(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''));
  };
}
