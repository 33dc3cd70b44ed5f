/**
 * Files of `/etc/outboard/registries.d`: JSON objects with one entry for each prefix of repositories.
 */
import * as z from 'zod';
import { editDistance } from '../../documents/edit-distance.ts';
import { parseStrictJson } from '../../documents/strict-json.ts';
import { isOutboardError, type OutboardError } from '../../errors/outboard-error.ts';
import { type ConfigurationFile, type FileContent, lineAt, placeIn, wrongIn } from './configuration-file.ts';
import { parsePlace, type RegistryPlace } from './registry-location.ts';
import { parsePrefix } from './registry-prefix.ts';
import { type MirrorRule, mirrorUses, type RegistryRule } from './registry-rule.ts';

const path = z
  .string()
  .refine((text) => text.startsWith('/') && !text.includes('\0'), 'want an absolute path');
const place = z.string().transform((text, context): RegistryPlace => {
  try {
    return parsePlace(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const mirror = z.strictObject({
  location: place,
  insecure: z.boolean().optional(),
  'pull-from-mirror': z.enum(mirrorUses).optional(),
});

const entry = z.strictObject({
  blocked: z.boolean().optional(),
  insecure: z.boolean().optional(),
  'plain-http': z.boolean().optional(),
  location: place.optional(),
  mirrors: z.array(z.union([place, mirror])).optional(),
  ca: path.optional(),
  'client-certificate': path.optional(),
  'client-key': path.optional(),
  'auth-file': path.optional(),
  'token-servers': z.array(z.string().min(1)).optional(),
});

type Entry = z.infer<typeof entry>;

/** The keys of an entry, and those of a mirror. */
const knownKeys = { entry: Object.keys(entry.shape), mirror: Object.keys(mirror.shape) };
/** Keys about the connections to a host. */
const hostKeys = ['ca', 'client-certificate', 'client-key', 'auth-file', 'token-servers'] as const;

/**
 * Parse a file.
 * @throws {OutboardError} invalid, with file, line and what would be right
 */
export function parseRegistriesFile(file: ConfigurationFile): FileContent<RegistryRule> {
  const document = parseJson(file);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw wrongIn(
      file.path,
      1,
      'want a JSON object with one entry for each registry, such as {"docker.io": {"mirrors": ["mirror.example"]}}',
    );
  }
  const rules = Object.entries(document).map(([prefix, value]) => parseEntry(file, prefix, value));
  return { rules, unapplied: [] };
}

function parseJson({ path, text }: ConfigurationFile): unknown {
  try {
    return parseStrictJson(Buffer.from(text), { maxBytes: 4 * text.length + 4, subject: 'JSON' });
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    throw wrongIn(path, lineOfError(error, text), error.message, error);
  }
}

function lineOfError({ details }: OutboardError, text: string): number | undefined {
  return typeof details?.position === 'number' ? lineAt(text, details.position) : undefined;
}

function parseEntry({ path, text }: ConfigurationFile, prefix: string, value: unknown): RegistryRule {
  // Names are written with escapes rarely; then the message has no line.
  const at = text.indexOf(JSON.stringify(prefix));
  const line = at === -1 ? undefined : lineAt(text, at);
  const fail = (why: string) => wrongIn(path, line, `entry ${JSON.stringify(prefix.slice(0, 300))}: ${why}`);
  const parsed = entry.safeParse(value);
  if (!parsed.success) throw fail(parsed.error.issues.flatMap(describeIssue).join('; '));
  const wrong = checkPrefix(prefix, parsed.data) ?? checkKeys(parsed.data);
  if (wrong !== undefined) throw fail(wrong);
  return toRule(prefix, placeIn(path, line), parsed.data);
}

function checkPrefix(prefix: string, given: Entry): string | undefined {
  try {
    const { path, isWildcard } = parsePrefix(prefix);
    const key = hostKeys.find((each) => given[each] !== undefined);
    if (path !== '' && key !== undefined) {
      return `"${key}" is about a host: put it into an entry ${JSON.stringify(prefix.split('/')[0])}`;
    }
    const secretKey = (['token-servers', 'auth-file'] as const).find((each) => given[each] !== undefined);
    if (isWildcard && secretKey !== undefined) {
      return `"${secretKey}" is about passwords: name each host by itself`;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkKeys(given: Entry): string | undefined {
  const [certificate, key] = [given['client-certificate'], given['client-key']];
  if ((certificate === undefined) === (key === undefined)) return undefined;
  return '"client-certificate" and "client-key" need each other';
}

function toRule(prefix: string, source: string, given: Entry): RegistryRule {
  const [certificate, key] = [given['client-certificate'], given['client-key']];
  return {
    prefix,
    source,
    blocked: given.blocked,
    insecure: given.insecure,
    plainHttp: given['plain-http'],
    location: given.location,
    mirrors: given.mirrors?.map(toMirror),
    ca: given.ca,
    clientCertificate: certificate === undefined || key === undefined ? undefined : { certificate, key },
    authFile: given['auth-file'],
    tokenServers: given['token-servers'],
  };
}

function toMirror(given: RegistryPlace | z.infer<typeof mirror>): MirrorRule {
  if (!('location' in given)) return { place: given, insecure: false, use: 'all' };
  const { location, insecure = false, 'pull-from-mirror': use = 'all' } = given;
  return { place: location, insecure, use };
}

function describeIssue(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'invalid_union') {
    // A mirror is a text or an object; the longer explanation is about the form that was meant.
    const [asText = [], asObject = []] = issue.errors;
    const isText = asObject.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
    return (isText ? asText : asObject).flatMap((inner) =>
      describeIssue({ ...inner, path: [...issue.path, ...inner.path] }),
    );
  }
  const where = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : String(step))).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? knownKeys.entry : knownKeys.mirror;
    return issue.keys.map((key) => `unknown key ${JSON.stringify(key)}${hintFor(key, known)}`);
  }
  return [where === '' ? issue.message : `${JSON.stringify(where)}: ${issue.message}`];
}

/** The key that was meant, or all that there are. */
function hintFor(key: string, known: readonly string[]): string {
  const limit = 3;
  const near = known
    .map((other) => ({ other, distance: editDistance(key.toLowerCase(), other, limit) }))
    .filter(({ distance }) => distance < limit)
    .sort((left, right) => left.distance - right.distance)[0];
  return near === undefined ? `: known are ${known.join(', ')}` : `: did you mean "${near.other}"?`;
}
