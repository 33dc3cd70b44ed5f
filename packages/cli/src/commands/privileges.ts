/**
 * `outboard privileges`: show the privileges that a plugin in a registry requests.
 */
import { fetchPrivileges } from '../client/plugin-api.ts';
import { toPrivilegeDocuments } from '../client/plugin-documents.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import { formatRows, parseFormat, type Table } from '../output/output-format.ts';
import { formatPrivileges } from '../privileges/consent.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';
import { openPlugin } from './open-plugin.ts';
import type { PlatformFlag } from './platform-flag.ts';

const table: Table<object> = {
  columns: {},
  headers: { Name: 'NAME', Description: 'DESCRIPTION', Value: 'VALUE' },
};

/** Fetch the privileges, and print them with explanations or in the requested format. */
export async function privileges(
  context: CommandContext,
  remote: string,
  { format, ...flags }: { readonly format: string } & AuthFileFlag & PlatformFlag,
): Promise<void> {
  const { client, host } = context;
  const output = parseFormat(format);
  await using opened = await openPlugin(remote, context, { ...flags, alias: 'plugin' });
  const { plugin } = opened;
  const wanted = await explainRefusal(plugin.registryAuth.note, () => fetchPrivileges(client, plugin));
  const documents = toPrivilegeDocuments(wanted);
  if (output.kind === 'json') host.stdout.write(`${encodePrintableJson(documents, 4)}\n`);
  else if (output.kind === 'template' || output.columns !== undefined) {
    host.stdout.write(formatRows(documents, output, table));
  } else if (wanted.length === 0)
    host.stdout.write(`Plugin "${escapeText(remote)}" requests no privileges\n`);
  else {
    host.stdout.write(
      `Plugin "${escapeText(remote)}" is requesting the following privileges:\n${formatPrivileges(wanted)}`,
    );
  }
}
