/**
 * Serves `GET /metrics`; every other request is refused.
 */
import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { describeError, HttpError } from '../http/errors.ts';
import { guardRequest } from '../http/request-guard.ts';
import type { HandleRequest } from '../http/request-handler.ts';
import { expositionContentType } from './exposition.ts';

/**
 * Create the handler of a metrics listener.
 * @param render makes the text; requests that arrive while it runs share its result
 */
export function createMetricsHandler(render: () => Promise<string>, logger: Logger): HandleRequest {
  let rendering: Promise<string> | undefined;
  const renderOnce = (): Promise<string> => {
    rendering ??= render().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
  return async (request, response, rules) => {
    // A client may disconnect at any time, which is no error of the daemon.
    response.on('error', () => {});
    try {
      guardRequest(request, rules);
      if ((request.url ?? '').split('?', 1)[0] !== '/metrics') throw new HttpError(404, 'page not found');
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw new HttpError(405, 'expected GET /metrics');
      }
      answer(response, { status: 200, contentType: expositionContentType, text: await renderOnce() });
    } catch (error) {
      const { status, message, expected } = describeError(error);
      if (!expected) logger.error({ err: error }, 'cannot render metrics');
      // The next request on this connection may not begin where this parser assumes it (request smuggling).
      response.setHeader('Connection', 'close');
      answer(response, { status, contentType: 'text/plain; charset=utf-8', text: `${message}\n` });
    }
  };
}

function answer(
  response: ServerResponse,
  { status, contentType, text }: { status: number; contentType: string; text: string },
): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
