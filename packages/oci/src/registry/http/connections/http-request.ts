/**
 * What a request to a registry is, before anything is sent.
 */
import type { Reach } from '../hosts/addresses.ts';

/** How far to trust the far side of a connection. */
export interface Route {
  /** Accept only certificates that verify. */
  readonly verifyTls: boolean;
  /** Certificates of authorities to trust besides the built-in ones, as PEM. */
  readonly authorities?: string | undefined;
  /** The file in which an operator may put such certificates. */
  readonly authoritiesFile: string;
  /** Where the address that is connected to may be; by name or by number makes no difference. */
  readonly reach: Reach;
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
  readonly body?: Uint8Array | UploadBody | undefined;
  /** Bytes that the server may store before it answers, sent now or before. */
  readonly storesBytes?: number | undefined;
  readonly route: Route;
  readonly signal?: AbortSignal | undefined;
}
