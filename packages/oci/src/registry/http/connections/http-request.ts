/**
 * HTTP requests to registries, and the rules of their connections.
 */
import type { Cancellable } from '@outboard/async';
import type { ProxyServer } from '../../configuration/proxies.ts';
import type { Reach } from '../hosts/addresses.ts';
import type { ClientIdentity } from '../hosts/host-certificates.ts';

/** A proxy, and the authorities to trust for its own certificate. */
export interface RouteProxy extends ProxyServer {
  /** PEM; undefined for the built-in ones. */
  readonly authorities?: string | undefined;
}

/** Rules for the connection to one host. */
export interface Route {
  /** Require a certificate that verifies. */
  readonly verifyTls: boolean;
  /** Certificates of additional authorities, as PEM. */
  readonly authorities?: string | undefined;
  /** Certificate and key of this client, which the host may demand. Only for the host that they are configured for. */
  readonly identity?: ClientIdentity | undefined;
  /** The directory for certificates of the host, named in errors. */
  readonly certificateDirectory: string;
  /** The proxy for a URL; undefined for a direct connection. */
  readonly proxyFor?: ((url: URL) => RouteProxy | undefined) | undefined;
  /** Addresses that may be connected to, checked after names are resolved. */
  readonly reach: Reach;
}

/** A body that is streamed. */
export interface UploadBody {
  /** Content-Length in bytes; content of another size fails the request. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
  /** Opens the content again, for another attempt after a challenge or redirect; absent: it can be sent once. */
  readonly reopen?: (() => AsyncIterable<Uint8Array>) | undefined;
}

/** One HTTP request. */
export interface HttpRequest extends Cancellable {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  /** Each value of an array is sent in a line of its own. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array | UploadBody | undefined;
  /** Bytes that the server may have to store before it responds, sent with this request or before. */
  readonly storesBytes?: number | undefined;
  readonly route: Route;
}
