/**
 * Credentials for registries.
 */

/** A user name with password, or an identity token. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

/** Result of a search for credentials. */
export interface FoundCredentials {
  /** Undefined when there are none. */
  readonly credentials: Credentials | undefined;
  /** The file or helper that was searched. */
  readonly source: string;
}
