/**
 * `outboard fsck`: check what the daemon has stored.
 */
import { type Finding, type FsckSums, runFsck } from '../client/fsck-api.ts';
import { listPlugins } from '../client/plugin-api.ts';
import { CommandExit } from '../command-error.ts';
import { registryConfigFor } from '../credentials/registry-auth.ts';
import { formatRows, type OutputFormat, parseFormat, type Table } from '../output/output-format.ts';
import { parseRemoteReference } from '../references/remote-reference.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard fsck`. */
export interface FsckOptions extends AuthFileFlag {
  readonly format: string;
  readonly repair?: boolean | undefined;
  readonly quick?: boolean | undefined;
  readonly strict?: boolean | undefined;
}

/** As in fsck(8). */
const errorsLeft = 4;

/** Check, and print what was found. @throws {CommandExit} 4 when errors are left */
export async function fsck(
  context: CommandContext,
  plugins: readonly string[],
  options: FsckOptions,
): Promise<void> {
  const { client, host, signal } = context;
  const { repair, quick, strict } = options;
  const format = parseFormat(options.format);
  const registryConfig = repair === true ? await registryConfigOf(context, plugins, options) : undefined;
  const onProgress = (status: string) => {
    if (host.stderr.isTTY === true && status !== '') host.stderr.write(`${escapeText(status)}\n`);
  };
  const choices = { plugins, repair, quick, strict, registryConfig };
  const { findings, sums } = await runFsck(client, choices, { onProgress, signal });
  host.stdout.write(formatFindings(findings, sums, format));
  if (sums.errors > sums.repaired) throw new CommandExit(errorsLeft);
}

/** Servers refuse larger headers. */
const maxHeaderBytes = 12 * 1024;

/** The credentials for the registries that the plugins came from, for what is fetched again. */
async function registryConfigOf(
  { client, host, signal }: CommandContext,
  plugins: readonly string[],
  { authfile: authFile }: FsckOptions,
): Promise<string | undefined> {
  const references = [];
  for (const { name, reference, id } of await listPlugins(client, {})) {
    const isChosen = plugins.length === 0 || plugins.some((typed) => isNamed(typed, { name, id }));
    if (isChosen) references.push(parseRemoteReference(reference === '' ? name : reference));
  }
  const { header } = await registryConfigFor(references, { host, signal, authFile });
  if (header.length <= maxHeaderBytes) return header;
  host.stderr.write('warning: no credentials are sent to registries: name fewer plugins at a time\n');
  return undefined;
}

function isNamed(typed: string, { name, id }: { readonly name: string; readonly id: string }): boolean {
  return name === typed || name === `${typed}:latest` || id.startsWith(typed);
}

const table: Table<ReturnType<typeof toDocument>> = {
  columns: {
    STATUS: ({ Status }) => Status,
    PLUGIN: ({ Plugin }) => Plugin,
    SUBJECT: ({ Subject }) => Subject,
    PATH: ({ Path }) => Path,
    PROBLEM: ({ Problem }) => Problem,
  },
  headers: {
    Status: 'STATUS',
    Plugin: 'PLUGIN',
    Id: 'ID',
    Subject: 'SUBJECT',
    Path: 'PATH',
    Problem: 'PROBLEM',
    Remedy: 'WHAT TO DO',
  },
};

function toDocument({ subject, severity, plugin, id, path, problem, isRepaired, remedy }: Finding) {
  const status = isRepaired ? 'repaired' : severity;
  return {
    Status: status,
    Plugin: plugin,
    Id: id,
    Subject: subject,
    Path: path,
    Problem: problem,
    Remedy: remedy,
  };
}

function formatFindings(findings: readonly Finding[], sums: FsckSums, format: OutputFormat): string {
  const documents = findings.map(toDocument);
  if (format.kind === 'json')
    return `${encodePrintableJson({ Findings: documents, Report: toReport(sums) })}\n`;
  const isPlainTable = format.kind === 'table' && format.columns === undefined;
  if (!isPlainTable) return formatRows(documents, format, table);
  const rows = documents.length === 0 ? '' : formatRows(documents, format, table);
  return rows + formatRemedies(findings) + formatSums(sums);
}

function toReport({ bytesRead, rootFilesystems, ...sums }: FsckSums): object {
  const { plugins, blobs, errors, repaired, notes } = sums;
  const counts = { Plugins: plugins, Blobs: blobs, BytesRead: bytesRead, RootFilesystems: rootFilesystems };
  return { ...counts, Errors: errors, Repaired: repaired, Notes: notes };
}

/** Many findings have one remedy. */
function formatRemedies(findings: readonly Finding[]): string {
  const remedies = findings.filter(({ remedy }) => remedy !== '');
  const lines = remedies.map(({ plugin, remedy }) => `  ${plugin === '' ? '' : `${plugin}: `}${remedy}`);
  const distinct = [...new Set(lines)].map((line) => `${escapeText(line)}\n`);
  return distinct.length === 0 ? '' : `\nWhat to do:\n${distinct.join('')}\n`;
}

function formatSums({
  plugins,
  blobs,
  bytesRead,
  rootFilesystems,
  errors,
  repaired,
  notes,
}: FsckSums): string {
  const checked = `${count(plugins, 'plugin')}, ${count(blobs, 'blob')} (${formatBytes(bytesRead)} read), ${count(rootFilesystems, 'root filesystem')}`;
  const mended = errors === 0 ? '' : `, ${repaired} repaired`;
  return `Checked ${checked}: ${count(errors, 'error')}${mended}, ${count(notes, 'note')}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
