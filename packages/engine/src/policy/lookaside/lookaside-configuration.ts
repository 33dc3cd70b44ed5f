/**
 * Where the signatures of OpenPGP for a repository are: files of Podman's `registries.d`.
 * @see containers-registries.d(5)
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isJsonObject, OutboardError, type Reference, showValue } from '@outboard/oci';
import { scopesOf } from '../document/policy-scope.ts';

/** The content of one file. */
export interface LookasideFile {
  readonly path: string;
  /** As a parser of YAML returns it. */
  readonly document: unknown;
}

/** The places in force. */
export interface LookasideConfiguration {
  /** The base URL for a repository, `file:`, `http:` or `https:`; the most specific entry decides. */
  baseOf(reference: Reference): URL;
}

/** An entry, and the file that has it. */
interface Entry {
  /** Undefined where the entry sets other things only. */
  readonly base: URL | undefined;
  readonly path: string;
}

/**
 * Join the files. Sections and fields that are not about the places of signatures are left out, as Podman does.
 * @param userId of this process: Podman keeps signatures in the home directory of users other than root
 * @throws {OutboardError} invalid, code `policy-file`, with the file: a malformed section or URL, or one in two files
 */
export function joinLookasideFiles(
  files: readonly LookasideFile[],
  userId = process.getuid?.() ?? 0,
): LookasideConfiguration {
  const entries = new Map<string, Entry>();
  let fallback: Entry | undefined;
  for (const { path, document } of files) {
    if (document === null || document === undefined) continue;
    const sections = requireMapping(document, path, '');
    if (Object.hasOwn(sections, 'default-docker') && sections['default-docker'] !== null) {
      if (fallback !== undefined) throw twice('default-docker', fallback.path, path);
      fallback = readEntry(sections['default-docker'], path, 'default-docker');
    }
    for (const [scope, section] of Object.entries(requireMapping(sections.docker ?? {}, path, 'docker'))) {
      const other = entries.get(scope);
      if (other !== undefined) throw twice(`docker.${scope}`, other.path, path);
      entries.set(scope, readEntry(section ?? {}, path, `docker.${scope}`));
    }
  }
  const builtIn = pathToFileURL(
    userId === 0 ? '/var/lib/containers/sigstore' : join(homedir(), '.local/share/containers/sigstore'),
  );
  return {
    baseOf(reference) {
      const bases = scopesOf(reference).map((scope) => entries.get(scope)?.base);
      return bases.find((base) => base !== undefined) ?? fallback?.base ?? builtIn;
    },
  };
}

/** `sigstore` is the name of the field before Podman 4.2. */
function readEntry(value: unknown, path: string, where: string): Entry {
  const fields = requireMapping(value, path, where);
  const name = ['lookaside', 'sigstore'].find((field) => fields[field] !== undefined && fields[field] !== '');
  return { path, base: name === undefined ? undefined : readUrl(fields[name], path, `${where}.${name}`) };
}

function readUrl(value: unknown, path: string, where: string): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isLocal = url?.protocol === 'file:' && url.host === '';
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  const isPlain = url?.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (url !== undefined && (isLocal || isHttp) && isPlain) return url;
  throw wrong(path, where, `want a URL file:///DIRECTORY, http:// or https://, got ${showValue(value)}`);
}

function requireMapping(value: unknown, path: string, where: string) {
  if (isJsonObject(value)) return value;
  throw wrong(path, where, `want a mapping, got ${showValue(value)}`);
}

function twice(where: string, first: string, second: string): OutboardError {
  return wrong(second, where, `${JSON.stringify(first)} has it too, and one file only may`);
}

function wrong(path: string, where: string, why: string): OutboardError {
  const place = where === '' ? '' : ` at "${where}"`;
  return new OutboardError('invalid', `${JSON.stringify(path)}${place}: ${why}`, { code: 'policy-file' });
}
