/**
 * What a registry may be shown as proof of who asks.
 */

/** A password, or a token that stands for one. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };
