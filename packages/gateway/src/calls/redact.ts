/**
 * Takes secrets out of texts that plugins write. Pure.
 */

const hidden = '***';

/** A shorter text is no secret, and would be found in the middle of words. */
const minSecretLength = 4;

/** Errors are cut soon; the rest of a long one is not searched. */
const maxSearchedLength = 8192;

/** `password=hunter2`, `"secret_key": "abc"`. `token abc` is left: any word may follow. */
const named =
  /((?:password|passwd|passphrase|passwort|pass|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key)[\w-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi;

/** `https://user:hunter2@host`. */
const inAddress = /(\b[a-z][a-z\d+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi;

/** Replace secrets: the given texts, and those that a name or an address announces. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let shown = text.slice(0, maxSearchedLength);
  const known = secrets.filter((secret) => secret.length >= minSecretLength);
  // The longest first: one may contain another.
  for (const secret of known.toSorted((a, b) => b.length - a.length))
    shown = shown.replaceAll(secret, hidden);
  return shown.replace(inAddress, `$1${hidden}`).replace(named, `$1${hidden}`);
}
