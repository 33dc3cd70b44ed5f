/**
 * A registry with token authentication that serves the state of a `MemoryRegistry`, and misbehaves as a test tells it: each
 * answer can be changed, cut, stalled or withheld. A second server of another origin records whatever is sent to it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromCallback } from '@outboard/async';
import type { Digest } from '../digests/digest.ts';
import type { MemoryRegistry } from '../memory/memory-registry.ts';

/** The credentials to pull with. No text with `canary` may reach another origin or a message. */
export const misbehavingLogin = { username: 'gordon', password: 'canary-password' } as const;

/** An answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
  /** Send so many bytes of the body, then close the connection; default: all. */
  readonly cutAt?: number | undefined;
  /** Send so many bytes of the body, then nothing more; negative: no head either. */
  readonly stallAt?: number | undefined;
}

/** One request, as a test sees it. */
export interface AskedRequest {
  readonly kind: 'token' | 'manifest' | 'blob' | 'other';
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** Tag or digest. */
  readonly target: string;
  /** Requests of the same kind and target before this one. */
  readonly repeated: number;
}

/** Changes an answer. */
export type Misbehaviour = (request: AskedRequest, answer: Answer) => Answer;

/** A running registry. */
export interface MisbehavingRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`; plain HTTP. */
  readonly host: string;
  /** The server of another origin: it has the same blobs, and asks for credentials where none are needed. */
  readonly otherHost: string;
  /** Everything that the other server received: request lines, headers and bodies. */
  readonly seenByOther: readonly string[];
  /** Answers that were sent. */
  readonly answers: number;
  /** Set for the requests from now on, with their counts. */
  misbehave(how: Misbehaviour): void;
}

/** Requests for which one token is good; the registry issues another one then. */
const usesOfToken = 50;

/**
 * Start a registry.
 * @param onStall called every few milliseconds while an answer is stalled: the test's clock moves there
 */
export async function startMisbehavingRegistry(
  registry: MemoryRegistry,
  onStall: () => void,
): Promise<MisbehavingRegistry> {
  const state = new State(registry, onStall);
  await using starting = new AsyncServers();
  const own = await starting.listen((request, response) => state.serve(request, response));
  const other = await starting.listen((request, response) => state.serveOther(request, response));
  state.otherHost = other;
  const servers = starting.take();
  return {
    host: own,
    otherHost: other,
    seenByOther: state.seenByOther,
    get answers() {
      return state.answers;
    },
    misbehave: (how) => state.misbehave(how),
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  };
}

class AsyncServers implements AsyncDisposable {
  #servers: ReturnType<typeof createServer>[] = [];

  async listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const server = createServer(handler);
    this.#servers.push(server);
    await fromCallback((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    return `127.0.0.1:${port}`;
  }

  take(): AsyncServers {
    const taken = new AsyncServers();
    taken.#servers = this.#servers;
    this.#servers = [];
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await fromCallback((done) => server.close(done));
    }
  }
}

class State {
  readonly seenByOther: string[] = [];
  answers = 0;
  otherHost = '';
  readonly #registry: MemoryRegistry;
  readonly #onStall: () => void;
  #how: Misbehaviour = (_, answer) => answer;
  #counts = new Map<string, number>();
  #issued = 0;
  #uses = 0;

  constructor(registry: MemoryRegistry, onStall: () => void) {
    this.#registry = registry;
    this.#onStall = onStall;
  }

  misbehave(how: Misbehaviour): void {
    this.#how = how;
    this.#counts = new Map();
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const url = request.url ?? '';
    if (url === '/v2/') {
      response.end('{}'); // the probe for the scheme
      return;
    }
    const [, kind = 'other', target = ''] = /^\/v2\/.+\/(manifest|blob)s\/([^/?]+)$/.exec(url) ?? [];
    const asked = url.startsWith('/token') ? 'token' : kind;
    const count = this.#counts.get(`${asked} ${target}`) ?? 0;
    this.#counts.set(`${asked} ${target}`, count + 1);
    const seen = {
      kind: asked as AskedRequest['kind'],
      url,
      headers: request.headers,
      target,
      repeated: count,
    }; // by the expression above
    this.answers += 1;
    this.#send(response, this.#how(seen, this.#honest(request, seen)));
  }

  serveOther(request: IncomingMessage, response: ServerResponse): void {
    this.seenByOther.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    request.on('data', (chunk: Buffer) => this.seenByOther.push(chunk.toString()));
    const digest = /sha256:[0-9a-f]{64}/.exec(request.url ?? '')?.[0];
    const body = digest === undefined ? undefined : this.#blob(digest);
    if (body === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="give me"' }).end();
    } else response.end(body);
  }

  #honest(request: IncomingMessage, { kind, target }: AskedRequest): Answer {
    if (kind === 'token') {
      this.#issued += 1;
      this.#uses = usesOfToken;
      const body = Buffer.from(JSON.stringify({ token: `canary-token-${this.#issued}`, expires_in: 300 }));
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    }
    const token = `Bearer canary-token-${this.#issued}`;
    if (request.headers.authorization !== token || this.#uses-- <= 0) {
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="test"`;
      return { status: 401, headers: { 'www-authenticate': challenge }, body: Buffer.alloc(0) };
    }
    const repository = [...this.#registry.repositories.values()][0];
    const manifest = kind === 'manifest' ? repository?.findManifest(target) : undefined;
    if (manifest !== undefined) {
      return { status: 200, headers: { 'content-type': manifest.mediaType }, body: manifest.bytes };
    }
    const blob = kind === 'blob' ? this.#blob(target) : undefined;
    return blob === undefined
      ? { status: 404, headers: {}, body: Buffer.from('{"errors":[{"code":"NAME_UNKNOWN"}]}') }
      : rangeOf(blob, request.headers.range);
  }

  #blob(digest: string): Buffer | undefined {
    for (const { blobs } of this.#registry.repositories.values()) {
      const blob = blobs.get(digest as Digest); // a key that was not checked finds nothing
      if (blob !== undefined) return blob;
    }
    return undefined;
  }

  #send(response: ServerResponse, { status, headers, body, cutAt, stallAt }: Answer): void {
    response.on('error', () => {}); // the client left
    if (stallAt !== undefined) {
      const timer = setInterval(this.#onStall, 5);
      response.once('close', () => clearInterval(timer));
      if (stallAt < 0) return;
    }
    const given = Object.entries(headers).map(([name, value]) => [name, value as string | string[]]);
    response.writeHead(status, Object.fromEntries(given));
    const claimed = headers['content-length'];
    const isWrong = claimed !== undefined && Number(claimed) !== body.length;
    const end = cutAt ?? (isWrong ? body.length : stallAt);
    if (end === undefined) response.end(body);
    else response.write(body.subarray(0, end), () => stallAt === undefined && response.destroy());
  }
}

function rangeOf(blob: Buffer, range: string | undefined): Answer {
  const from = /^bytes=(\d+)-$/.exec(range ?? '')?.[1];
  if (from === undefined) return { status: 200, headers: { 'content-length': `${blob.length}` }, body: blob };
  const body = blob.subarray(Number(from));
  const contentRange = `bytes ${from}-${blob.length - 1}/${blob.length}`;
  return {
    status: 206,
    headers: { 'content-length': `${body.length}`, 'content-range': contentRange },
    body,
  };
}
