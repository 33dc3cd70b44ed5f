/**
 * `outboard privileges`: what a plugin at a registry would ask for, without installing it.
 */
import { fetchPrivileges } from '../client/plugin-api.ts';
import { toPrivilegeDocuments } from '../client/plugin-documents.ts';
import { formatPrivileges } from '../privileges/consent.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import { toRemotePlugin } from './remote-plugin.ts';

export async function privileges(
  context: CommandContext,
  remote: string,
  { format }: { readonly format: string },
): Promise<void> {
  const { client, host } = context;
  const wanted = await fetchPrivileges(client, await toRemotePlugin(remote, context));
  if (format === 'json') host.stdout.write(`${encodePrintableJson(toPrivilegeDocuments(wanted), 4)}\n`);
  else if (wanted.length === 0) host.stdout.write(`Plugin "${escapeText(remote)}" requests no privileges\n`);
  else {
    host.stdout.write(
      `Plugin "${escapeText(remote)}" is requesting the following privileges:\n${formatPrivileges(wanted)}`,
    );
  }
}
