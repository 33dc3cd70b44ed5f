/**
 * The check of what a daemon has stored.
 */
import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { requireOwnRoute } from './own-route.ts';
import { readLines, throwReadError } from './read-body.ts';

/** Choices of a check. */
export interface FsckChoices {
  /** Names or IDs; none: all. */
  readonly plugins: readonly string[];
  readonly repair?: boolean | undefined;
  readonly quick?: boolean | undefined;
  readonly strict?: boolean | undefined;
  /** The X-Registry-Config header; absent when no registry is asked. */
  readonly registryConfig?: string | undefined;
}

/** One finding, in the words of the daemon. */
export interface Finding {
  /** `record`, `state`, `blob`, `rootfs` or `leftover`. */
  readonly subject: string;
  /** `error` or `note`. */
  readonly severity: string;
  /** Name of the plugin; empty for none. */
  readonly plugin: string;
  readonly id: string;
  readonly path: string;
  readonly problem: string;
  readonly isRepaired: boolean;
  /** Remedy; empty for none. */
  readonly remedy: string;
}

/** Sums of a check. */
export interface FsckSums {
  readonly plugins: number;
  readonly blobs: number;
  readonly bytesRead: number;
  readonly rootFilesystems: number;
  readonly errors: number;
  readonly repaired: number;
  readonly notes: number;
}

const maxLineBytes = 1024 * 1024;

/**
 * Check, and pass on what the daemon tells.
 * @param onProgress receives what is being checked, one line each
 * @returns all findings and the sums
 * @throws {CommandError} if the daemon has no such route, as Docker Engine; if the check cannot be completed
 */
export async function runFsck(
  client: EngineClient,
  choices: FsckChoices,
  { onProgress, signal }: { readonly onProgress: (status: string) => void; readonly signal: AbortSignal },
): Promise<{ readonly findings: readonly Finding[]; readonly sums: FsckSums }> {
  const { plugins, repair, quick, strict, registryConfig } = choices;
  const query = new URLSearchParams(plugins.map((name): [string, string] => ['plugins', name]));
  for (const [key, value] of Object.entries({ repair, quick, strict }))
    if (value === true) query.set(key, '1');
  const headers = registryConfig === undefined ? undefined : { 'X-Registry-Config': registryConfig };
  const path = `/outboard/v1/fsck?${query}`;
  const response = await requireOwnRoute('check what it has stored', () =>
    client.open({ method: 'POST', path, headers }),
  );
  const findings: Finding[] = [];
  let sums: FsckSums | undefined;
  const broken = 'the daemon closed the connection before the check was complete';
  try {
    for await (const text of readLines(response, maxLineBytes)) {
      const line = parseLine(text);
      const data = field(line, 'aux');
      const [finding, report] = [field(data, 'Finding'), field(data, 'Report')];
      if (finding !== undefined) findings.push(toFinding(finding));
      else if (report !== undefined) sums = toSums(report);
      else onProgress(asText(field(line, 'status')));
    }
  } catch (error) {
    throwReadError(error, signal, broken);
  } finally {
    response.destroy();
  }
  if (sums === undefined) throw new CommandError(broken);
  return { findings, sums };
}

/** @throws {CommandError} with the daemon's reason when the check failed */
function parseLine(text: string): unknown {
  const line: unknown = JSON.parse(text);
  const detail = field(line, 'errorDetail');
  if (detail !== undefined && detail !== null) throw new CommandError(asText(field(detail, 'message')));
  return line;
}

function toFinding(document: unknown): Finding {
  return {
    subject: asText(field(document, 'Subject')),
    severity: asText(field(document, 'Severity')),
    plugin: asText(field(document, 'Plugin')),
    id: asText(field(document, 'Id')),
    path: asText(field(document, 'Path')),
    problem: asText(field(document, 'Problem')),
    isRepaired: field(document, 'Repaired') === true,
    remedy: asText(field(document, 'Remedy')),
  };
}

function toSums(document: unknown): FsckSums {
  const count = (key: string) => Number(field(document, key) ?? 0);
  return {
    plugins: count('Plugins'),
    blobs: count('Blobs'),
    bytesRead: count('BytesRead'),
    rootFilesystems: count('RootFilesystems'),
    errors: count('Errors'),
    repaired: count('Repaired'),
    notes: count('Notes'),
  };
}
