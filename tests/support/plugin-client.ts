/**
 * Calls a plugin over its unix socket with exact bytes.
 */
import { Agent, request } from 'node:http';

/** Response of a plugin. */
export interface PluginAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  /** The decoded JSON body. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Options of a call. */
export interface PluginCallOptions {
  /** Default POST. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Call `/<call>` on the plugin that listens at `socketPath`.
 *
 * @param body text is sent unchanged, other values as JSON; absent sends no byte
 */
export function callPlugin(
  socketPath: string,
  call: string,
  body?: string | object,
  options: PluginCallOptions = {},
): Promise<PluginAnswer> {
  const bytes = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        path: `/${call}`,
        method: options.method ?? 'POST',
        agent: new Agent({ keepAlive: false }),
        headers: { 'Content-Length': Buffer.byteLength(bytes), ...options.headers },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          try {
            const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString());
            // The protocol permits objects only; a test that reads a missing field fails.
            const answer = parsed as Record<string, unknown>;
            resolve({
              status: response.statusCode ?? 0,
              contentType: response.headers['content-type'],
              body: answer,
            });
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });
}
