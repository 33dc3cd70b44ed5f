/**
 * Podman's `registries.conf` and the files of `registries.conf.d`: the entries, and the settings that are not applied here.
 * @see containers-registries.conf(5); containers/image v5, pkg/sysregistriesv2
 */
import * as z from 'zod';
import { type ConfigurationFile, type FileContent, placeIn, wrongIn } from './configuration-file.ts';
import { parsePlace, type RegistryPlace } from './registry-location.ts';
import { parsePrefix } from './registry-prefix.ts';
import { type MirrorRule, type MirrorUse, mirrorUses, type RegistryRule } from './registry-rule.ts';

// As Podman does, keys that are not known are left out.
const mirror = z.object({
  location: z.string().min(1),
  insecure: z.boolean().optional(),
  'pull-from-mirror': z.enum(['', ...mirrorUses]).optional(),
});

const registry = z.object({
  prefix: z.string().optional(),
  location: z.string().optional(),
  insecure: z.boolean().optional(),
  blocked: z.boolean().optional(),
  'mirror-by-digest-only': z.boolean().optional(),
  mirror: z.array(mirror).optional(),
});

/** The form of before 2019, which Podman reads too. */
const oldList = z.object({ registries: z.array(z.string()).optional() }).optional();

const document = z.object({
  registry: z.array(registry).optional(),
  'unqualified-search-registries': z.array(z.string()).optional(),
  registries: z.object({ search: oldList, insecure: oldList, block: oldList }).optional(),
});

type Registry = z.infer<typeof registry>;

/**
 * Parse a file.
 * @throws {OutboardError} invalid, with file, line and what would be right
 */
export async function parseRegistriesConf(file: ConfigurationFile): Promise<FileContent<RegistryRule>> {
  const parsed = document.safeParse(await parseToml(file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [first, index, ...rest] = issue?.path ?? [];
    const line = first === 'registry' && typeof index === 'number' ? lineOfRegistry(file, index) : undefined;
    const where = line === undefined ? [first, index, ...rest] : rest;
    const name = where.filter((step) => step !== undefined).join('.');
    throw wrongIn(file.path, line, `${name === '' ? '' : `${JSON.stringify(name)}: `}${issue?.message}`);
  }
  const { registry: registries = [], registries: old } = parsed.data;
  const unapplied: string[] = [];
  const searched = parsed.data['unqualified-search-registries'] ?? old?.search?.registries ?? [];
  if (searched.length > 0) {
    unapplied.push(
      `unqualified-search-registries of ${JSON.stringify(file.path)}: a name without a registry is one of Docker Hub`,
    );
  }
  const rules = registries.flatMap((given, index) =>
    toRules(file, lineOfRegistry(file, index), given, unapplied),
  );
  return { rules: [...rules, ...oldRules(file, old?.insecure, old?.block)], unapplied };
}

async function parseToml({ path, text }: ConfigurationFile): Promise<unknown> {
  // Loaded by those who have such a file.
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = error.message] = error.message.split('\n');
    throw wrongIn(path, error.line, `no TOML: ${reason.replace(/^Invalid TOML document: /, '')}`, error);
  }
}

/** The line of the n-th `[[registry]]`, from 0. */
function lineOfRegistry({ text }: ConfigurationFile, index: number): number | undefined {
  const lines = text
    .split('\n')
    .flatMap((line, at) => (/^\s*\[\[\s*["']?registry["']?\s*\]\]/.test(line) ? [at + 1] : []));
  return lines[index];
}

function toRules(
  file: ConfigurationFile,
  line: number | undefined,
  given: Registry,
  unapplied: string[],
): readonly RegistryRule[] {
  const prefix = given.prefix || given.location || '';
  if (prefix === '')
    throw wrongIn(file.path, line, '[[registry]] has no prefix and no location: want one of them');
  if (/@|:[^/]*$/.test(prefix.slice(prefix.indexOf('/') + 1)) && prefix.includes('/')) {
    unapplied.push(
      `the entry of ${placeIn(file.path, line)}: its prefix ${JSON.stringify(prefix)} names a tag or a digest`,
    );
    return [];
  }
  const onPlace = <Value>(parse: () => Value): Value => {
    try {
      return parse();
    } catch (error) {
      throw wrongIn(file.path, line, error instanceof Error ? error.message : String(error), error);
    }
  };
  onPlace(() => parsePrefix(prefix));
  const isMoved = given.location !== undefined && given.location !== '' && given.location !== prefix;
  return [
    {
      prefix,
      source: placeIn(file.path, line),
      // An entry replaces a shorter one wholly: what it does not say has its default.
      blocked: given.blocked ?? false,
      insecure: given.insecure ?? false,
      location: isMoved ? onPlace(() => parseLocation(given.location ?? '')) : undefined,
      mirrors: onPlace(() => (given.mirror ?? []).map((each) => toMirror(each, given))),
    },
  ];
}

function toMirror(
  given: z.infer<typeof mirror>,
  { 'mirror-by-digest-only': byDigest = false }: Registry,
): MirrorRule {
  const use: MirrorUse | '' = given['pull-from-mirror'] ?? '';
  if (byDigest && use !== '') {
    throw new Error('"mirror-by-digest-only" and "pull-from-mirror" are set together: want one of them');
  }
  return {
    place: parseLocation(given.location),
    insecure: given.insecure ?? false,
    use: use || (byDigest ? 'digest-only' : 'all'),
  };
}

/** As in Podman, without a scheme. */
function parseLocation(text: string): RegistryPlace {
  if (!/^https?:/.test(text)) return parsePlace(text);
  throw new Error(
    `invalid location ${JSON.stringify(text.replace(/^.*@/s, '***@'))}: want HOST[:PORT][/PATH] without a scheme; plain HTTP needs insecure = true`,
  );
}

function oldRules(
  { path }: ConfigurationFile,
  insecure: z.infer<typeof oldList>,
  block: z.infer<typeof oldList>,
): readonly RegistryRule[] {
  const source = JSON.stringify(path);
  const rule = (prefix: string, given: Partial<RegistryRule>) => {
    try {
      parsePrefix(prefix);
    } catch (error) {
      throw wrongIn(path, undefined, error instanceof Error ? error.message : String(error), error);
    }
    return { prefix, source, ...given };
  };
  return [
    ...(insecure?.registries ?? []).map((prefix) => rule(prefix, { insecure: true })),
    ...(block?.registries ?? []).map((prefix) => rule(prefix, { blocked: true })),
  ];
}
