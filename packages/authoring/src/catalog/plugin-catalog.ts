/**
 * Lists of plugins that are known to install, and the search in them. A list of one's own has the same form.
 */
import { hasHiddenCharacters, OutboardError } from '@outboard/oci';
import { z } from 'zod';

/** Kinds in the order of `outboard init --kind`. */
const kinds = ['volume', 'authz', 'network', 'ipam', 'log', 'metrics', 'secret'] as const;
const maxPlugins = 10_000;

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !hasHiddenCharacters(value), 'want text without control and invisible characters');
const requiredText = (max: number) => text(max).min(1);
const date = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'want a date such as 2026-01-31');

const entrySchema = z.strictObject({
  name: requiredText(255).regex(
    /^[a-z0-9][a-z0-9._:/-]*(?:@sha256:[a-f0-9]{64})?$/,
    'want a reference, such as acme/volumes:1.0',
  ),
  description: requiredText(200),
  kinds: z.array(z.enum(kinds)).min(1),
  license: requiredText(100),
  lastRelease: z.strictObject({ version: requiredText(100), date: date.optional() }).optional(),
  privileges: z.array(requiredText(500)).max(100),
  note: text(1000).optional(),
  homepage: z.url({ protocol: /^https?$/ }).max(500),
});

const catalogSchema = z.strictObject({
  reviewed: date,
  plugins: z.array(entrySchema).max(maxPlugins),
});

/** A list of plugins. */
export interface PluginList {
  /** Day on which the entries were compared with what their projects say, as `YYYY-MM-DD`. */
  readonly reviewed: string;
  readonly plugins: readonly ListedPlugin[];
}

/** One plugin of a list. */
export interface ListedPlugin {
  /** As `outboard install` takes it. */
  readonly name: string;
  readonly description: string;
  readonly kinds: readonly (typeof kinds)[number][];
  /** SPDX expression. */
  readonly license: string;
  /** Newest release of the project that the reviewer saw; absent when it makes none. */
  readonly lastRelease?: { readonly version: string; readonly date?: string | undefined } | undefined;
  /** As an operator is asked, such as `network: host`; empty for none. */
  readonly privileges: readonly string[];
  /** Remarks on its installation. */
  readonly note?: string | undefined;
  readonly homepage: string;
}

/**
 * Read a list.
 * @param source its name in errors
 * @throws {OutboardError} invalid with the place in the document, and what would be right
 */
export function parsePluginList(bytes: Uint8Array, source: string): PluginList {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('invalid', `catalogue ${source} is not JSON: ${reason}`, { cause });
  }
  const result = catalogSchema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.map(String).join('.') || 'the document';
  throw new OutboardError('invalid', `catalogue ${source}: ${place}: ${issue?.message}`);
}

/** Conditions of a search; all of them must hold. */
export interface PluginSearch {
  /** Words in name, description, note or kinds, in any letter case. */
  readonly term?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
}

/**
 * The plugins of a list that a search finds, by name.
 * @throws {OutboardError} invalid for an unknown kind
 */
export function searchPlugins(
  { plugins }: PluginList,
  { term = '', kinds: wanted = [] }: PluginSearch,
): readonly ListedPlugin[] {
  const unknown = wanted.find((kind) => !kinds.some((known) => known === kind));
  if (unknown !== undefined) {
    throw new OutboardError(
      'invalid',
      `unknown kind ${JSON.stringify(unknown)}: want one of ${kinds.join(', ')}`,
    );
  }
  const words = term.toLowerCase().split(/\s+/);
  return plugins
    .filter((plugin) => {
      const { name, description, note = '' } = plugin;
      const content = [name, description, note, ...plugin.kinds].join('\n').toLowerCase();
      const hasWords = words.every((word) => content.includes(word));
      return hasWords && wanted.every((kind) => plugin.kinds.some((known) => known === kind));
    })
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
