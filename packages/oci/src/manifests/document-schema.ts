/**
 * The common parts of manifests and indexes: reading their bytes, and the schema of descriptors.
 */
import { nextTurn } from '@outboard/async';
import * as z from 'zod';
import { type Digest, parseDigest } from '../digests/digest.ts';
import { spellingsOf, withFieldNames } from '../documents/field-names.ts';
import { decodeJsonText, parseStrictJson } from '../documents/strict-json.ts';
import { isOutboardError, OutboardError } from '../errors/outboard-error.ts';
import { mediaTypes } from './media-types.ts';

/** Upper bound of a manifest or index, in bytes. @see OCI distribution-spec v1.1.1, "Pushing Manifests" */
export const maxManifestBytes = 4 * 1024 * 1024;

/**
 * Upper bound of the values in one, which is read in one turn of the event loop: an index of 1,024 manifests may have 16 for
 * each.
 */
const maxManifestValues = 16_384;
/** More bytes than these take milliseconds. */
const manyBytes = 256 * 1024;

/**
 * Decode the bytes of a manifest or index in a turn of the event loop, for a function that parses it in the next.
 * @throws {OutboardError} invalid: too long, or not UTF-8
 */
export async function decodeManifest(bytes: Uint8Array): Promise<string> {
  const text = decodeJsonText(bytes, { maxBytes: maxManifestBytes, subject: 'manifest' });
  if (bytes.length > manyBytes) await nextTurn();
  return text;
}

/** Read one as strict JSON. @throws {OutboardError} invalid */
function parseManifestJson(document: Uint8Array | string, subject: string): unknown {
  return parseStrictJson(document, { maxBytes: maxManifestBytes, maxValues: maxManifestValues, subject });
}

/** A schema of an object whose field names match in any case, as in Go; unknown fields are dropped. */
export function documentObject<Shape extends z.ZodRawShape>(shape: Shape) {
  const spellings = spellingsOf(Object.keys(shape));
  return z.preprocess((value) => withFieldNames(value, spellings), z.object(shape));
}

/** A field that may be absent or null: Go encoders write both for an empty value. */
function optionalField<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const digest = z.string().transform((text, context): Digest => {
  try {
    return parseDigest(text);
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

/** A media type by RFC 6838: bounded, and without characters that are unsafe in messages. */
const mediaType = z
  .string()
  .regex(/^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/, 'want a media type');

/** As `z.record(z.string(), z.string())`, which takes ten times as long: a document may have tens of thousands. */
const annotations = z.unknown().transform((value, context): Readonly<Record<string, string>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    context.addIssue({ code: 'invalid_type', expected: 'record', input: value });
    return z.NEVER;
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === 'string') continue;
    context.addIssue({ code: 'invalid_type', expected: 'string', input: text, path: [key] });
    return z.NEVER;
  }
  return { ...value }; // every value is a string
});

/** A size in bytes: an integer from 0 to 2^53 - 1. */
const size = z
  .number()
  .refine((value) => Number.isSafeInteger(value) && value >= 0, 'want a size in bytes, 0 or more');

const platformText = z.string().max(128);
const platform = documentObject({
  os: platformText,
  architecture: platformText,
  variant: optionalField(platformText),
}).transform(({ variant, ...rest }) => ({ ...rest, ...(variant !== undefined && { variant }) }));

/**
 * A descriptor. `urls` and `data` are dropped: content is fetched from the registry only, and always verified.
 */
export const descriptorSchema = documentObject({
  mediaType,
  digest,
  size,
  platform: optionalField(platform),
  annotations: optionalField(annotations),
  artifactType: optionalField(mediaType),
}).transform(({ platform, annotations, artifactType, ...rest }) => ({
  ...rest,
  ...(platform !== undefined && { platform }),
  ...(annotations !== undefined && { annotations }),
  ...(artifactType !== undefined && { artifactType }),
}));

/** Schema of the fields that distinguish the kinds of documents. */
const kindFields = {
  schemaVersion: z.unknown().optional(),
  mediaType: z.unknown().optional(),
  config: z.unknown().optional(),
  layers: z.unknown().optional(),
  manifests: z.unknown().optional(),
  fsLayers: z.unknown().optional(),
};

/** Schema of an optional descriptor. */
export const optionalDescriptorSchema = optionalField(descriptorSchema);
/** Schema of an optional media type. */
export const optionalMediaTypeSchema = optionalField(mediaType);

/** Schema of annotations. */
export const annotationsSchema = optionalField(annotations);

/** The kind that a document must have. */
export interface DocumentHead {
  readonly subject: 'manifest' | 'index';
  /** Media type of the document, from its Content-Type or descriptor. */
  readonly mediaType: string;
  /** Fields that only documents of the other kind have; their presence is an error. */
  readonly foreignFields: readonly ('config' | 'layers' | 'manifests')[];
}

/**
 * Read a document as strict JSON and refuse one that other readers could take for another kind.
 * @throws {OutboardError} invalid
 * @see CVE-2021-41190: one digest must not mean a manifest here and an index there
 */
export function readDocument(document: Uint8Array | string, head: DocumentHead): unknown {
  const { subject } = head;
  const value = parseManifestJson(document, subject);
  const fields = parseWith(documentObject(kindFields), value, subject);
  // Checked first: schema 1 fails the other checks too, with less helpful messages.
  if (fields.schemaVersion === 1 || isPresent(fields.fsLayers)) {
    throw new OutboardError(
      'invalid',
      `invalid ${subject}: schema version 1 is not supported, want 2: push it again with a current tool`,
    );
  }
  if (fields.schemaVersion !== 2) throw invalidDocument(subject, 'schemaVersion', 'want 2');
  if (isPresent(fields.mediaType) && fields.mediaType !== head.mediaType) {
    throw new OutboardError(
      'invalid',
      `invalid ${subject}: it was served as "${head.mediaType}" and says it is ${JSON.stringify(fields.mediaType)?.slice(0, 300)}`,
    );
  }
  for (const name of head.foreignFields) {
    if (isPresent(fields[name])) {
      throw new OutboardError(
        'invalid',
        `invalid ${subject}: it is ambiguous, "${name}" is not a field of "${head.mediaType}"`,
      );
    }
  }
  return value;
}

/**
 * The media type of a document that was served without one, or with a generic one: its `mediaType` field, else derived
 * from its fields. Only OCI documents may omit `mediaType`.
 * @returns empty when the document does not say
 * @throws {OutboardError} invalid when it is not strict JSON, or has the fields of both kinds
 */
export function ownMediaType(bytes: Uint8Array): string {
  const subject = 'manifest';
  const value = parseManifestJson(bytes, subject);
  const fields = parseWith(documentObject(kindFields), value, subject);
  if (isPresent(fields.mediaType)) return typeof fields.mediaType === 'string' ? fields.mediaType : '';
  const isManifest = isPresent(fields.config) || isPresent(fields.layers);
  if (isPresent(fields.manifests)) {
    if (!isManifest) return mediaTypes.ociIndex;
    throw new OutboardError(
      'invalid',
      `invalid ${subject}: it is ambiguous, it has the fields of a manifest and of an index`,
    );
  }
  return isManifest ? mediaTypes.ociManifest : '';
}

/**
 * Apply a schema to a document.
 * @throws {OutboardError} invalid, with the path of the first issue
 */
export function parseWith<Output>(schema: z.ZodType<Output>, value: unknown, subject: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const problem = issue?.message.replace(/^Invalid input: /, '') ?? 'not as its schema wants it';
  throw invalidDocument(subject, issue?.path.join('.') ?? '', problem, result.error);
}

function invalidDocument(subject: string, path: string, problem: string, cause?: unknown): OutboardError {
  const where = path === '' ? '' : ` at "${path}"`;
  return new OutboardError('invalid', `invalid ${subject}${where}: ${problem}`, { cause });
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
