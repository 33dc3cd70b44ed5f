/**
 * The source of a plugin as users type it: a reference in a registry, an archive, or a layout directory. The prefixes are
 * those of skopeo.
 * @see containers-transports(5), "oci", "oci-archive" and "docker-archive"
 */
import { CommandError } from '../command-error.ts';

/** A parsed source. */
export type PluginSource =
  | { readonly kind: 'registry'; readonly reference: string }
  /** `path` is `-` for standard input; a path without prefix may be a directory as well. */
  | { readonly kind: 'file'; readonly path: string; readonly name?: string | undefined }
  | { readonly kind: 'directory'; readonly path: string; readonly name?: string | undefined };

const registryPrefix = 'docker://';

/**
 * Parse a source: `./FILE`, `/DIR`, `-`, `oci-archive:FILE[:NAME]`, `oci:DIR[:NAME]`, `docker-archive:FILE[:NAME]`, `docker://REFERENCE`, or a reference.
 * @throws {CommandError} for a prefix without a path
 */
export function parsePluginSource(text: string): PluginSource {
  if (text === '-') return { kind: 'file', path: '-' };
  if (/^(?:\.{1,2}$|\.{0,2}\/)/.test(text)) return { kind: 'file', path: text };
  if (text.startsWith(registryPrefix)) {
    return { kind: 'registry', reference: text.slice(registryPrefix.length) };
  }
  const [, prefix, path = '', name] =
    /^(oci|oci-archive|docker-archive):([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (prefix === undefined || /^\d+(?:\/|$)/.test(path)) return { kind: 'registry', reference: text };
  if (path === '')
    throw new CommandError(`invalid source ${JSON.stringify(text)}: want ${prefix}:PATH[:NAME]`);
  return { kind: prefix === 'oci' ? 'directory' : 'file', path, name: name || undefined };
}
