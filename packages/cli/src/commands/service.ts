/**
 * `outboard service install` and `outboard service uninstall`
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeDirectories } from '@outboard/oci/make-directories';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import { programCommand, unitDirectory } from '../installation.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard service`. */
export interface ServiceOptions {
  readonly now?: boolean | undefined;
  /** Root directory of another system. */
  readonly prefix?: string | undefined;
}

const units = ['outboard.service', 'outboard.socket'] as const;
/** Links that `systemctl enable` makes for `WantedBy=` of the units. */
const enablingLinks = ['multi-user.target.wants/outboard.service', 'sockets.target.wants/outboard.socket'];
const noSystemd = 'this host does not run systemd';
/** Group whose members may use the API. */
const groupName = 'outboard';
/** Directory of the administrator's units, which override those of packages. */
const unitPath = '/etc/systemd/system';

/** Write the unit files for this program at its current path; with `now` enable and start them. */
export async function installService(
  { host, signal }: CommandContext,
  { now = false, prefix }: ServiceOptions,
): Promise<void> {
  if (now && prefix !== undefined)
    throw new CommandError(
      'conflicting options: --now starts the service on this system, --prefix is for another one',
      { exitCode: 125 },
    );
  requireRoot(prefix);
  const directory = join(prefix ?? '/', unitPath);
  await makeDirectories(directory, { mode: 0o755 });
  const hasGroup = await groupExists(prefix ?? '/');
  const program = programCommand().map(quoteWord).join(' ');
  for (const unit of units) {
    const template = await readFile(join(unitDirectory(), unit), 'utf8');
    const text = withoutAbsentGroup(template, hasGroup).replaceAll('@PROGRAM@', () => program);
    await writeFile(join(directory, unit), text.replaceAll('@GROUP@', groupName), { mode: 0o644 });
    host.stdout.write(`${join(directory, unit)}\n`);
  }
  if (!hasGroup) {
    const add = `groupadd --system ${groupName}, usermod -aG ${groupName} USER, and run this again`;
    host.stdout.write(`Only root may use the API. To permit other users: ${add}\n`);
  }
  if (prefix !== undefined) return;
  if (!runsSystemd()) {
    const message = `${noSystemd}; the units are written and take effect once it does. Until then start the daemon with: outboard daemon`;
    if (now) throw new CommandError(`${message} (nothing was started)`);
    host.stdout.write(`${message}\n`);
    return;
  }
  const warnings = await verify(
    units.map((unit) => join(directory, unit)),
    signal,
  );
  if (warnings !== '') host.stderr.write(`systemd-analyze: ${warnings}\n`);
  if (now) {
    await systemctl(['daemon-reload'], signal);
    await systemctl(['enable', '--now', ...units], signal);
    return;
  }
  host.stdout.write(
    'Next: systemctl daemon-reload && systemctl enable --now outboard.socket outboard.service\n',
  );
}

/** Stop the daemon and remove its units. Plugins keep running until the next daemon takes them over. */
export async function uninstallService(
  { host, signal }: CommandContext,
  { prefix }: ServiceOptions,
): Promise<void> {
  requireRoot(prefix);
  const directory = join(prefix ?? '/', unitPath);
  const isManaged = prefix === undefined && runsSystemd();
  if (isManaged) await stopUnits(directory, signal);
  for (const unit of units) {
    const path = join(directory, unit);
    if (!existsSync(path)) continue;
    await rm(path, { force: true });
    host.stdout.write(`removed ${path}\n`);
  }
  // Links of `systemctl enable`, which nothing else removes where systemd does not run.
  for (const link of enablingLinks) await rm(join(directory, link), { force: true });
  if (isManaged) await systemctl(['daemon-reload'], signal);
  else if (prefix === undefined) {
    host.stdout.write(
      `${noSystemd}; the units are removed. A daemon that was started without them keeps running: stop it with SIGTERM\n`,
    );
  }
}

/** Stop those units that are installed: a repeated or partial installation is no error. */
async function stopUnits(directory: string, signal: AbortSignal): Promise<void> {
  const installed = units.filter((unit) => existsSync(join(directory, unit)));
  if (installed.length > 0) await systemctl(['disable', '--now', ...installed], signal);
}

/** systemd refuses to start a unit whose group does not exist. */
function withoutAbsentGroup(template: string, hasGroup: boolean): string {
  if (hasGroup) return template;
  return template
    .split('\n')
    .filter((line) => !line.includes('@GROUP@'))
    .join('\n');
}

async function groupExists(root: string): Promise<boolean> {
  try {
    const groups = await readFile(join(root, 'etc/group'), 'utf8');
    return groups.split('\n').some((line) => line.startsWith(`${groupName}:`));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function requireRoot(prefix: string | undefined): void {
  if (prefix !== undefined || process.getuid?.() === 0) return;
  throw new CommandError('only root can install services: use sudo, or --prefix DIR');
}

/**
 * Quote a word of a command line in a unit file.
 * @see systemd.service(5), "Command lines"; systemd.unit(5), "Specifiers"
 */
export function quoteWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', () => '$$');
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replace(/[\\"]/g, '\\$&')}"`;
}

/** @see sd_booted(3) */
function runsSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

async function systemctl(args: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)('systemctl', args, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === 'ENOENT')
      throw new CommandError('this host has no systemctl: install the complete systemd package', {
        cause: error,
      });
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const reason = stderr === '' ? messageOf(error).trim() : stderr;
    throw new CommandError(`systemctl ${args.join(' ')} failed: ${reason}`, { cause: error });
  }
}

/** @returns the warnings of `systemd-analyze verify`; empty for none, or if the program is missing */
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
