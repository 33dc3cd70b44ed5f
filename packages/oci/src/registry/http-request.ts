/**
 * What a request to a registry is, before anything is sent.
 */

/** How far to trust the far side of a connection. */
export interface Route {
  /** Accept only certificates that verify. */
  readonly verifyTls: boolean;
  /** The address was chosen by a stranger (a redirect, a realm): names that resolve to link-local ones are refused. */
  readonly foreign: boolean;
}

/** A body that is streamed while it is sent. */
export interface UploadBody {
  /** Bytes; `Content-Length` is this, and another amount fails the request. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** One HTTP request. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | UploadBody;
  readonly route: Route;
  readonly signal?: AbortSignal;
}
