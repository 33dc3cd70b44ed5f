/**
 * Facts that a running Docker Engine tells: its version, and the plugins that it manages.
 * @see Docker Engine API, GET /version and GET /plugins
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type Cancellable, joinSignals } from '@outboard/async';
import { codec, decodeDocument } from '@outboard/oci';

/** Facts of a Docker Engine. */
export interface DockerFacts {
  /** Such as `20.10.24`. */
  readonly version: string;
  /** Plugins that the engine runs itself. */
  readonly plugins: readonly { readonly id: string; readonly name: string }[];
}

const engineSocket = '/run/docker.sock';
const deadlineMs = 5_000;
const maxBytes = 4 * 1024 * 1024;

const versionCodec = codec.object({ version: codec.field('Version', codec.nonEmptyText) });
const pluginsCodec = codec.listOrEmpty(
  codec.object({ id: codec.field('Id', codec.nonEmptyText), name: codec.field('Name', codec.nonEmptyText) }),
);

/**
 * Ask the engine; it has 5 s to answer.
 * @param socketPath of its API
 * @returns undefined when there is none, or when it gives no answer that can be read
 * @throws the signal's reason
 */
export async function readDockerFacts(
  { signal }: Cancellable,
  socketPath: string = engineSocket,
): Promise<DockerFacts | undefined> {
  using limit = joinSignals([signal], { timeoutMs: deadlineMs });
  try {
    const read = (path: string) => readJson(socketPath, path, limit.signal);
    const { version } = decodeDocument(versionCodec, await read('/version'), 'version of Docker Engine');
    return {
      version,
      plugins: decodeDocument(pluginsCodec, await read('/plugins'), 'plugins of Docker Engine'),
    };
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

async function readJson(socketPath: string, path: string, signal: AbortSignal): Promise<unknown> {
  const request = get({ socketPath, path, signal, agent: false });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response?.statusCode !== 200) throw new Error(`${path}: status ${response?.statusCode}`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`${path}: more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString());
}
