/**
 * Asks for consent to the privileges that a plugin requests.
 */
import type { Privilege } from '../client/plugin-documents.ts';
import type { CommandHost } from '../command-host.ts';
import { confirm } from '../terminal/confirm.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { formatExplanation } from './explanation.ts';
import { explainPrivileges } from './explanations.ts';

const grantFlag = '--grant-all-permissions';
const rootWarning = 'With these privileges the plugin can do anything that root can do on the host.';

/**
 * Show the privileges in their order, and ask for consent. Without privileges there is no question.
 * @param name the reference as the user typed it
 * @returns true for consent
 * @throws {CommandError} after showing the list, if standard input is not a terminal
 */
export async function askConsent(
  name: string,
  privileges: readonly Privilege[],
  host: CommandHost,
  signal: AbortSignal,
): Promise<boolean> {
  if (privileges.length === 0) return true;
  host.stdout.write(
    `Plugin ${quote(name)} is requesting the following privileges:\n${formatPrivileges(privileges)}`,
  );
  return await confirm(host, { text: 'Do you grant the above permissions?', flag: grantFlag }, signal);
}

/**
 * Docker's list, with an explanation below each entry and a mark for high risks. A last line warns if the plugin could do
 * anything.
 * @see docker/cli cli/command/plugin/install.go, acceptPrivileges
 */
export function formatPrivileges(privileges: readonly Privilege[]): string {
  const explanations = explainPrivileges(privileges);
  const entries = privileges.map((privilege, index) => {
    const line = ` - ${escapeText(privilege.name)}: [${privilege.value.map(formatValue).join(' ')}]\n`;
    const meanings = (explanations[index] ?? []).map(formatExplanation);
    return line + meanings.map((meaning) => `     ${escapeText(meaning)}\n`).join('');
  });
  const isRoot = explanations.flat().some(({ risk }) => risk === 'root');
  return entries.join('') + (isRoot ? `${rootWarning}\n` : '');
}

/** Values with separators, and empty ones, are quoted. */
function formatValue(value: string): string {
  const escaped = escapeText(value);
  return /[\s[\]"]/.test(value) || value === '' ? `"${escaped.replaceAll('"', '\\"')}"` : escaped;
}

function quote(text: string): string {
  return `"${escapeText(text).replaceAll('"', '\\"')}"`;
}
