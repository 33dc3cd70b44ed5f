/**
 * Downloads from the API of a daemon.
 */
import { request } from 'node:http';

/** The body of an answer as bytes. */
export function download(socketPath: string, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    call.on('error', reject);
    call.end();
  });
}
