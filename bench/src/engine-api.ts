/**
 * A client of the Docker Engine API as small as a measurement allows; both engines are driven through it.
 */
import http from 'node:http';

/** A complete response. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** Calls of one engine. */
export class EngineApi {
  readonly #socketPath: string;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

  #refusal: Error | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Let every later request fail with an error. */
  refuse(reason: Error): void {
    this.#refusal = reason;
  }

  /** Send a request and read the whole answer. @throws {Error} on a status of 400 or more, or an error line in a stream */
  async request(
    method: string,
    path: string,
    body?: { readonly type: string; readonly content: Uint8Array | AsyncIterable<Uint8Array> },
  ): Promise<ApiAnswer> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const answer = await this.#send(method, path, body);
    const lines = answer.body.split('\r\n');
    const failure = lines.find((line) => line.includes('"errorDetail"'));
    if (answer.status >= 400 || failure !== undefined) {
      throw new Error(`${method} ${path}: ${answer.status} ${failure ?? answer.body.trim()}`);
    }
    return answer;
  }

  #send(
    method: string,
    path: string,
    body?: { readonly type: string; readonly content: Uint8Array | AsyncIterable<Uint8Array> },
  ): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          socketPath: this.#socketPath,
          agent: this.#agent,
          method,
          path,
          headers: body === undefined ? {} : { 'Content-Type': body.type },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
        },
      );
      request.on('error', reject);
      if (body === undefined) request.end();
      else if (body.content instanceof Uint8Array) request.end(body.content);
      else sendAll(request, body.content).catch(reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function sendAll(request: http.ClientRequest, content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of content) {
    if (!request.write(chunk)) await new Promise((resolve) => request.once('drain', resolve));
  }
  request.end();
}
