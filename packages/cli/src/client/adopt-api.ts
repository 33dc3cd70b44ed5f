/**
 * Plugins of a Docker Engine that the daemon takes over.
 */
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { requireOwnRoute } from './own-route.ts';

/** Result for one plugin. */
export interface AdoptedPlugin {
  readonly id: string;
  /** Empty when its record does not tell it. */
  readonly name: string;
  /** `adopted`, `adoptable`, `present` or `refused`. */
  readonly outcome: string;
  /** Why it was refused; else empty. */
  readonly reason: string;
  readonly enabled: boolean;
  readonly warnings: readonly string[];
}

/** Choices of an adoption. */
export interface AdoptChoices {
  /** Absolute path on the daemon's host. */
  readonly directory: string;
  /** Names or IDs; empty for all. */
  readonly plugins: readonly string[];
  readonly force: boolean;
  readonly isDryRun: boolean;
}

/**
 * Adopt plugins.
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function adoptPlugins(
  client: EngineClient,
  { directory, plugins, force, isDryRun }: AdoptChoices,
): Promise<readonly AdoptedPlugin[]> {
  const json = { Directory: directory, Plugins: plugins, Force: force };
  const answer = await requireOwnRoute('take over plugins of Docker', () =>
    client.call({
      method: 'POST',
      path: '/outboard/v1/adopt',
      query: { dryRun: isDryRun ? '1' : undefined },
      json,
    }),
  );
  const found = field(answer, 'Plugins');
  return Array.isArray(found) ? found.map(parseAdopted) : [];
}

function parseAdopted(document: unknown): AdoptedPlugin {
  const warnings = field(document, 'Warnings');
  return {
    id: asText(field(document, 'Id')),
    name: asText(field(document, 'Name')),
    outcome: asText(field(document, 'Outcome')),
    reason: asText(field(document, 'Reason')),
    enabled: field(document, 'Enabled') === true,
    warnings: Array.isArray(warnings) ? warnings.map(asText) : [],
  };
}
