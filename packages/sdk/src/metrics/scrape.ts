/**
 * Reads the engine's metrics from its socket.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { messageOf, PluginError } from '../plugin-error.ts';

/** Engines mount their socket here in plugins of type `docker.metricscollector/1.0`. */
export const metricsSocketPath = '/run/docker/metrics.sock';

const timeoutMs = 10_000;
const maxBytes = 16 * 1024 * 1024;

/** Read all metrics. @throws {PluginError} with the reason if that fails, also after 10 s if no signal is given */
export async function scrape(
  socketPath: string,
  signal: AbortSignal = AbortSignal.timeout(timeoutMs),
): Promise<string> {
  try {
    return await getMetrics(socketPath, signal);
  } catch (cause) {
    const reason = signal.aborted ? 'no complete answer in time' : messageOf(cause);
    throw new PluginError(`cannot read the engine's metrics from "${socketPath}": ${reason}`, { cause });
  }
}

async function getMetrics(socketPath: string, signal: AbortSignal): Promise<string> {
  const outgoing = request({ socketPath, path: '/metrics', agent: false, signal });
  const answered = once(outgoing, 'response');
  // A failure after the head of the answer ends the loop below as well.
  outgoing.on('error', () => undefined);
  outgoing.end();
  // Node.js emits the answer alone.
  const [response] = (await answered) as [IncomingMessage];
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    // An IncomingMessage without an encoding yields buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBytes) throw new Error(`the answer exceeds ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  if (response.statusCode !== 200) throw new Error(`the engine answered with status ${response.statusCode}`);
  return Buffer.concat(chunks).toString('utf8');
}
