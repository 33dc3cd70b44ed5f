/**
 * The entries of a layout's `index.json`, and the names by which they are found. Tools name entries in two ways: by a whole
 * reference, as Podman, containerd and Outboard do, or by a bare tag, as `skopeo copy … oci:DIR:TAG` does.
 */
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import type { Descriptor } from '../manifests/descriptor.ts';
import { canonicalString, withDefaultTag } from '../references/format-reference.ts';
import { isTag } from '../references/grammar.ts';
import { parseReference } from '../references/parse-reference.ts';
import type { Reference } from '../references/reference.ts';

/** Annotations of entries. @see OCI image-spec v1.1.1, annotations.md; containerd v1.7, images/annotations.go */
export const layoutAnnotations = {
  /** A whole reference, or a bare tag. */
  refName: 'org.opencontainers.image.ref.name',
  /** A whole reference. */
  imageName: 'io.containerd.image.name',
  /** The reference in the registry that the artifact came from, where the entry has another name. */
  origin: 'io.outboard.origin',
} as const;

/** One entry of a layout. */
export interface LayoutEntry {
  /** A manifest or an index, with its annotations. */
  readonly descriptor: Descriptor;
  /** The whole reference that names it. */
  readonly reference?: Reference | undefined;
  /** The bare tag that names it, when no whole reference does. */
  readonly tag?: string | undefined;
  /** The reference that it came from; default `reference`. */
  readonly origin?: Reference | undefined;
  /** True for what is said about other entries, such as a signature: it is found by its subject only. */
  readonly isReferrer: boolean;
}

/** Tags under which clients keep signatures and lists of referrers, such as `sha256-<hex>.sig`. */
const referrerTag = /^sha(?:256-[0-9a-f]{64}|512-[0-9a-f]{128})(?:\.[a-z]+)?$/;

/** Read the names of an entry. Names that are no references are ignored: the entry has no name then. */
export function toLayoutEntry(descriptor: Descriptor): LayoutEntry {
  const { annotations = {} } = descriptor;
  const refName = ownText(annotations, layoutAnnotations.refName);
  const isBareTag = refName !== undefined && isTag(refName);
  const reference =
    toReference(ownText(annotations, layoutAnnotations.imageName)) ??
    (isBareTag ? undefined : toReference(refName));
  const tag = reference?.tag ?? (isBareTag ? refName : undefined);
  return {
    descriptor,
    reference,
    ...(reference === undefined && isBareTag && { tag: refName }),
    origin: toReference(ownText(annotations, layoutAnnotations.origin)) ?? reference,
    isReferrer: descriptor.artifactType !== undefined || (tag !== undefined && referrerTag.test(tag)),
  };
}

/** The name of an entry as its layout gives it; its digest when it has none. */
export function entryName({ reference, tag, descriptor }: LayoutEntry): string {
  return reference === undefined ? (tag ?? descriptor.digest) : canonicalString(reference);
}

/**
 * Find the entries that a reference names: by its whole name, else by its tag alone among entries whose repository is not
 * given, else the only entry of a layout that names nothing: that takes any name.
 * @returns several when the layout has one for each platform; never none
 * @throws {OutboardError} not-found, with the names that the layout has
 */
export function findEntries(entries: readonly LayoutEntry[], wanted: Reference): readonly LayoutEntry[] {
  const tagged = withDefaultTag(wanted);
  const name = canonicalString(tagged);
  const artifacts = entries.filter(({ isReferrer }) => !isReferrer);
  const whole = entries.filter(
    ({ reference, origin }) =>
      (reference !== undefined && canonicalString(reference) === name) ||
      (origin !== undefined && canonicalString(origin) === name),
  );
  if (whole.length > 0) return whole;
  const byTag = entries.filter(({ tag }) => tag !== undefined && tag === tagged.tag);
  if (byTag.length > 0) return byTag;
  const unnamed = artifacts.filter(({ reference, tag }) => reference === undefined && tag === undefined);
  // No artifact is its own signature.
  const isAttached = referrerTag.test(tagged.tag ?? '');
  if (!isAttached && unnamed.length === artifacts.length && isOneArtifact(unnamed)) return unnamed;
  const names = [...new Set(artifacts.map(entryName))];
  const shown = names.slice(0, 16).join(', ') + (names.length > 16 ? ', …' : '');
  throw new OutboardError(
    'not-found',
    `${name} is not in the archive or directory, which holds ${names.length === 0 ? 'nothing' : shown}`,
  );
}

/** One entry, or one for each of several platforms. */
function isOneArtifact(entries: readonly LayoutEntry[]): boolean {
  if (entries.length < 2) return entries.length === 1;
  return entries.every(({ descriptor }) => descriptor.platform !== undefined);
}

function ownText(annotations: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(annotations, key) ? annotations[key] : undefined;
}

function toReference(text: string | undefined): Reference | undefined {
  if (text === undefined) return undefined;
  try {
    return withDefaultTag(parseReference(text));
  } catch (error) {
    // Another tool's name for its own use.
    if (isOutboardError(error)) return undefined;
    throw error;
  }
}
