/**
 * `outboard version`
 */
import { maxApiVersion } from '../client/api-version.ts';
import { fetchVersion } from '../client/plugin-api.ts';
import { asText, field } from '../json-field.ts';
import { formatDocument, parseFormat } from '../output/output-format.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Print the versions of client and daemon. Without a daemon, the client's are printed before it fails. */
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
    Daemon: context.client.address.text,
  };
  const { stdout } = context.host;
  const wanted = parseFormat(format);
  if (wanted.kind === 'table' && wanted.columns === undefined) {
    stdout.write(formatClient(client));
    stdout.write(`\n${formatServer(await fetchVersion(context.client))}`);
    return;
  }
  const write = (server: unknown) =>
    stdout.write(formatDocument({ Client: client, Server: server }, wanted, ''));
  let server: unknown;
  try {
    server = await fetchVersion(context.client);
  } catch (error) {
    context.signal.throwIfAborted();
    if (wanted.kind === 'json') write(null);
    throw error;
  }
  write(server);
}

function formatClient(
  client: Readonly<Record<'Version' | 'ApiVersion' | 'NodeVersion' | 'Os' | 'Arch' | 'Daemon', string>>,
): string {
  return formatFacts('Client', [
    ['Version', client.Version],
    ['API version', client.ApiVersion],
    ['Node.js', client.NodeVersion],
    ['OS/Arch', `${client.Os}/${client.Arch}`],
    ['Daemon', escapeText(client.Daemon)],
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
    // The engine's version is shown above.
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
