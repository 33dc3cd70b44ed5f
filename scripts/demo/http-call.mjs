/**
 * One JSON call over a unix socket: to the daemon's API, or to a plugin as a container engine sends it.
 */
import { request } from 'node:http';

/**
 * Send a request and read its JSON response.
 *
 * @param {{ socketPath: string, method: string, path: string, body?: object, signal?: AbortSignal }} call
 * @returns {Promise<unknown>} the decoded response; undefined if it is empty
 */
export function callSocket({ socketPath, method, path, body, signal }) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      'Content-Length': Buffer.byteLength(text),
      ...(body && { 'Content-Type': 'application/json' }),
    };
    const outgoing = request({ socketPath, method, path, headers, signal }, (response) => {
      readAnswer(`${method} ${path}`, response).then(resolve, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

async function readAnswer(call, response) {
  const answer = Buffer.concat(await response.toArray()).toString();
  if (response.statusCode >= 400) throw new Error(`${call}: ${response.statusCode} ${answer.trim()}`);
  return answer.trim() === '' ? undefined : JSON.parse(answer);
}
