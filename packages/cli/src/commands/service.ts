/**
 * `outboard service install` and `outboard service uninstall`
 */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeDirectories } from '@outboard/oci/make-directories';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import { programFile, unitFolder } from '../installation.ts';
import type { CommandContext } from './command-context.ts';

export interface ServiceOptions {
  readonly now?: boolean;
  /** Root of another system. */
  readonly prefix?: string;
}

const units = ['outboard.service', 'outboard.socket'] as const;
/** Where administrators' units are, before those of packages. */
const unitPath = '/etc/systemd/system';

/** Write the unit files for this program where it lies now; with `now` enable and start them. */
export async function installService(
  { host, signal }: CommandContext,
  { now = false, prefix }: ServiceOptions,
): Promise<void> {
  if (now && prefix !== undefined)
    throw new CommandError('--now is for this system, --prefix for another one', { exitCode: 125 });
  requireRoot(prefix);
  const folder = join(prefix ?? '/', unitPath);
  await makeDirectories(folder, { mode: 0o755 });
  const program = [process.execPath, programFile].map(quoteWord).join(' ');
  for (const unit of units) {
    const template = await readFile(join(unitFolder, unit), 'utf8');
    await writeFile(
      join(folder, unit),
      template.replaceAll('@PROGRAM@', () => program),
      { mode: 0o644 },
    );
    host.stdout.write(`${join(folder, unit)}\n`);
  }
  if (prefix !== undefined) return;
  const complaints = await verify(
    units.map((unit) => join(folder, unit)),
    signal,
  );
  if (complaints !== '') host.stderr.write(`systemd-analyze: ${complaints}\n`);
  if (now) {
    await systemctl(['daemon-reload'], signal);
    await systemctl(['enable', '--now', ...units], signal);
    return;
  }
  host.stdout.write(
    'Next: systemctl daemon-reload && systemctl enable --now outboard.socket outboard.service\n',
  );
}

/** Stop the daemon and remove its units. Plugins that run go on, and start again with the next daemon. */
export async function uninstallService(
  { host, signal }: CommandContext,
  { prefix }: ServiceOptions,
): Promise<void> {
  requireRoot(prefix);
  const folder = join(prefix ?? '/', unitPath);
  if (prefix === undefined) await systemctl(['disable', '--now', ...units], signal);
  for (const unit of units) {
    await rm(join(folder, unit), { force: true });
    host.stdout.write(`removed ${join(folder, unit)}\n`);
  }
  if (prefix === undefined) await systemctl(['daemon-reload'], signal);
}

function requireRoot(prefix: string | undefined): void {
  if (prefix !== undefined || process.getuid?.() === 0) return;
  throw new CommandError('services are installed by root: try it with sudo, or with --prefix DIR');
}

/**
 * A word of a command line in a unit file.
 * @see systemd.service(5), "Command lines"; systemd.unit(5), "Specifiers"
 */
export function quoteWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', () => '$$');
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replace(/[\\"]/g, '\\$&')}"`;
}

async function systemctl(args: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)('systemctl', args, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === 'ENOENT')
      throw new CommandError('this host has no systemd: there is no systemctl', { cause: error });
    throw new CommandError(messageOf(error).trim(), { cause: error });
  }
}

/** @returns what systemd thinks is wrong with the files; empty when nothing is, or when it cannot be asked */
async function verify(files: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    await promisify(execFile)('systemd-analyze', ['verify', ...files], { signal });
    return '';
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === 'ENOENT') return '';
    return messageOf(error).trim();
  }
}
