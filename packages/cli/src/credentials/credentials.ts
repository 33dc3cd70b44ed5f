/**
 * What a registry may be shown as proof of who asks.
 */

/** A password, or a token that stands for one. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

/** The outcome of a search for credentials. */
export interface FoundCredentials {
  /** Undefined when there are none. */
  readonly credentials: Credentials | undefined;
  /** The file or helper that was asked. */
  readonly source: string;
}
