/**
 * Credentials for registries.
 */

/** A user name with password, or an identity token, which may say whose it is. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string; readonly username?: string | undefined };

/** Result of a search for credentials. */
export interface FoundCredentials {
  /** Undefined when there are none. */
  readonly credentials: Credentials | undefined;
  /** The file or helper that has them; without credentials the places that were searched. */
  readonly source: string;
  /** Places that could not be read, and files that other users can read. No secret is in them. */
  readonly warnings: readonly string[];
}
