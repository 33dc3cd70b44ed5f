/**
 * `outboard version`
 */
import { maxApiVersion } from '../client/api-version.ts';
import { fetchVersion } from '../client/plugin-api.ts';
import { asText, field } from '../client/plugin-documents.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Print the client's versions, and the daemon's; without a daemon the first are printed before it fails. */
export async function version(
  context: CommandContext,
  { format }: { readonly format: string },
): Promise<void> {
  const client = {
    Version: context.version,
    ApiVersion: maxApiVersion,
    NodeVersion: process.versions.node,
    Os: process.platform,
    Arch: process.arch,
  };
  const isJson = format === 'json';
  if (!isJson) context.host.stdout.write(formatClient(client));
  const write = (server: unknown) => {
    const text = isJson
      ? encodePrintableJson({ Client: client, Server: server })
      : `\n${formatServer(server)}`;
    context.host.stdout.write(isJson ? `${text}\n` : text);
  };
  try {
    write(await fetchVersion(context.client));
  } catch (error) {
    context.signal.throwIfAborted();
    if (isJson) write(null);
    throw error;
  }
}

function formatClient(
  client: Readonly<Record<'Version' | 'ApiVersion' | 'NodeVersion' | 'Os' | 'Arch', string>>,
): string {
  return formatFacts('Client', [
    ['Version', client.Version],
    ['API version', client.ApiVersion],
    ['Node.js', client.NodeVersion],
    ['OS/Arch', `${client.Os}/${client.Arch}`],
  ]);
}

function formatServer(server: unknown): string {
  const text = (key: string) => escapeText(asText(field(server, key)));
  const platform = escapeText(asText(field(field(server, 'Platform'), 'Name')));
  const components = field(server, 'Components');
  const others = Array.isArray(components) ? components.map(describeComponent) : [];
  return formatFacts(platform === '' ? 'Server' : `Server: ${platform}`, [
    ['Version', text('Version')],
    ['API version', `${text('ApiVersion')} (minimum ${text('MinAPIVersion')})`],
    ['OS/Arch', `${text('Os')}/${text('Arch')}`],
    ['Kernel', text('KernelVersion')],
    // The engine's own version is above already.
    ...others.filter(([name]) => name !== 'Engine'),
  ]);
}

function describeComponent(component: unknown): readonly [string, string] {
  return [escapeText(asText(field(component, 'Name'))), escapeText(asText(field(component, 'Version')))];
}

function formatFacts(title: string, facts: readonly (readonly [string, string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  return `${title}\n${facts.map(([name, value]) => ` ${`${name}:`.padEnd(width)} ${value}\n`).join('')}`;
}
