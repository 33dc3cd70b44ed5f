/**
 * `outboard logout`: forget the credentials of a registry. No daemon is needed.
 * @see docker/cli cli/command/registry/logout.go (28.x)
 */
import { type FindOptions, findCredentials } from '../credentials/find-credentials.ts';
import { formatRegistryName, parseRegistryName, type RegistryName } from '../credentials/registry-name.ts';
import { eraseCredentials, openCredentialStore, storedParts } from '../credentials/store-credentials.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';

/** Log out of a registry. @param server default Docker Hub */
export async function logout(
  { host, signal }: CommandContext,
  server: string | undefined,
  options: AuthFileFlag,
): Promise<void> {
  const name = parseRegistryName(server ?? '');
  const find = { env: host.env, authFile: options.authfile, signal };
  const store = await openCredentialStore(name, find);
  const shown = formatRegistryName(name);
  const source = await eraseCredentials(store, name, find);
  host.stdout.write(
    source === undefined
      ? `Not logged in to ${shown}\n`
      : `Removing login credentials for ${shown} from ${escapeText(source)}\n`,
  );
  const warn = (text: string): void => void host.stderr.write(`warning: ${escapeText(text)}\n`);
  const parts = name.path === undefined ? storedParts(store, name) : [];
  for (const part of parts) warn(`${part} has credentials of its own: outboard logout ${part}`);
  const left = await findElsewhere(name, find);
  if (left !== undefined) {
    const file = left.replace(/ \(.*\)$/, '');
    const command = file.startsWith('/') ? `: outboard logout --authfile ${file} ${shown}` : '';
    warn(`${shown} has credentials in ${left} too${command}`);
  }
}

/** The place that would count now; undefined for none, or when it cannot be told. */
async function findElsewhere(name: RegistryName, find: FindOptions): Promise<string | undefined> {
  try {
    const { credentials, source } = await findCredentials(name, find);
    return credentials === undefined ? undefined : source;
  } catch {
    find.signal.throwIfAborted();
    // A place that cannot be read counts as empty here; its next use reports why.
    return undefined;
  }
}
