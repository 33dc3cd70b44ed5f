/**
 * Ask for consent to what a plugin wants.
 */
import type { Privilege } from '../client/plugin-documents.ts';
import type { CommandHost } from '../host.ts';
import { confirm } from '../terminal/confirm.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { explainPrivilege } from './explanations.ts';

const grantFlag = '--grant-all-permissions';

/**
 * Show what a plugin wants, in its order, and ask. A plugin that wants nothing is not asked about.
 * @param name as the user typed it
 * @throws {CommandError} if nobody can be asked, after showing the list
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

/** Docker's list, and below each entry what it means. @see docker/cli cli/command/plugin/install.go, acceptPrivileges */
export function formatPrivileges(privileges: readonly Privilege[]): string {
  return privileges
    .map((privilege) => {
      const line = ` - ${escapeText(privilege.name)}: [${privilege.value.map(formatValue).join(' ')}]\n`;
      const meanings = explainPrivilege(privilege).map((meaning) => `     ${escapeText(meaning)}\n`);
      return line + meanings.join('');
    })
    .join('');
}

/** A value that would look like several, or like none, is quoted. */
function formatValue(value: string): string {
  const escaped = escapeText(value);
  return /[\s[\]"]/.test(value) || value === '' ? `"${escaped.replaceAll('"', '\\"')}"` : escaped;
}

function quote(text: string): string {
  return `"${escapeText(text).replaceAll('"', '\\"')}"`;
}
