/**
 * Answers requests for metrics: `GET /metrics` and nothing else.
 */
import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { describeError, HttpError } from '../http/errors.ts';
import { guardRequest } from '../http/request-guard.ts';
import type { HandleRequest } from '../http/request-handler.ts';
import { expositionContentType } from './exposition.ts';

/**
 * @param render makes the text; requests that come meanwhile get the same one
 */
export function createMetricsHandler(render: () => Promise<string>, logger: Logger): HandleRequest {
  let underWay: Promise<string> | undefined;
  const renderOnce = (): Promise<string> => {
    underWay ??= render().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  return async (request, response, rules) => {
    // A client may vanish at any moment; nothing depends on it.
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
      if (!expected) logger.error({ err: error }, 'cannot tell metrics');
      // What follows on this connection may not begin where we think it does.
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
