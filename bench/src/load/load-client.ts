/**
 * A client that keeps a connection of its own, and reads answers without keeping them: the processors are for the daemon.
 */
import http from 'node:http';

/** One request. */
export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Uint8Array;
}

/** Outcome of one request. */
export interface LoadAnswer {
  readonly elapsedMs: number;
  /** Status and message of a refused request, or the error of the connection; undefined after success. */
  readonly error?: string | undefined;
}

/** One client. */
export class LoadClient {
  readonly #socketPath: string;
  readonly #signal: AbortSignal | undefined;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  /** @param signal lets every later `require` throw its reason */
  constructor(socketPath: string, signal?: AbortSignal) {
    this.#socketPath = socketPath;
    this.#signal = signal;
  }

  /** Send a request, and read its answer to the end. Never rejects. */
  send({ method, path, type, body }: LoadRequest): Promise<LoadAnswer> {
    const beganAt = performance.now();
    return new Promise((resolve) => {
      const end = (error?: string) => resolve({ elapsedMs: performance.now() - beganAt, error });
      const headers = type === undefined ? {} : { 'Content-Type': type };
      const options = { socketPath: this.#socketPath, agent: this.#agent, method, path, headers };
      const request = http.request(options, (response) => {
        const status = response.statusCode ?? 0;
        let text = '';
        if (status >= 400) response.on('data', (chunk) => (text += String(chunk)));
        else response.resume();
        response.on('error', (error) => end(error.message));
        response.on('end', () =>
          end(status >= 400 ? `${method} ${path}: ${status} ${text.trim()}` : undefined),
        );
      });
      request.on('error', (error) => end(`${method} ${path}: ${error.message}`));
      request.end(body);
    });
  }

  /** Send a request that must succeed. @throws {Error} with status and message */
  async require(request: LoadRequest): Promise<void> {
    this.#signal?.throwIfAborted();
    const { error } = await this.send(request);
    if (error !== undefined) throw new Error(error);
  }

  close(): void {
    this.#agent.destroy();
  }
}
