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
import { programFile, unitFolder } from '../installation.ts';
import type { CommandContext } from './command-context.ts';

export interface ServiceOptions {
  readonly now?: boolean;
  /** Root of another system. */
  readonly prefix?: string;
}

const units = ['outboard.service', 'outboard.socket'] as const;
/** What `WantedBy=` of the units comes to. */
const enablingLinks = ['multi-user.target.wants/outboard.service', 'sockets.target.wants/outboard.socket'];
const noSystemd = 'this host does not run systemd';
/** Whose members may use the API. */
const groupName = 'outboard';
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
  const hasGroup = await groupExists(prefix ?? '/');
  const program = [process.execPath, programFile].map(quoteWord).join(' ');
  for (const unit of units) {
    const template = await readFile(join(unitFolder, unit), 'utf8');
    const text = withoutAbsentGroup(template, hasGroup).replaceAll('@PROGRAM@', () => program);
    await writeFile(join(folder, unit), text.replaceAll('@GROUP@', groupName), { mode: 0o644 });
    host.stdout.write(`${join(folder, unit)}\n`);
  }
  if (!hasGroup) {
    const add = `groupadd --system ${groupName}, usermod -aG ${groupName} USER, and run this again`;
    host.stdout.write(`Only root may use the API. To let others: ${add}\n`);
  }
  if (prefix !== undefined) return;
  if (!runsSystemd()) {
    const message = `${noSystemd}; the units are written, for when it does. Until then run the daemon itself: outboard daemon`;
    if (now) throw new CommandError(`${message} (nothing was started)`);
    host.stdout.write(`${message}\n`);
    return;
  }
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
  const isManaged = prefix === undefined && runsSystemd();
  if (isManaged) await stopUnits(folder, signal);
  for (const unit of units) {
    const path = join(folder, unit);
    if (!existsSync(path)) continue;
    await rm(path, { force: true });
    host.stdout.write(`removed ${path}\n`);
  }
  // What `systemctl enable` made; where systemd does not run, nobody else removes it.
  for (const link of enablingLinks) await rm(join(folder, link), { force: true });
  if (isManaged) await systemctl(['daemon-reload'], signal);
  else if (prefix === undefined) {
    host.stdout.write(
      `${noSystemd}; the units are removed. A daemon that was started without them runs on: end it with SIGTERM\n`,
    );
  }
}

/** Those that are installed, so that it works a second time and after half of an installation. */
async function stopUnits(folder: string, signal: AbortSignal): Promise<void> {
  const installed = units.filter((unit) => existsSync(join(folder, unit)));
  if (installed.length > 0) await systemctl(['disable', '--now', ...installed], signal);
}

/** systemd starts no unit with a group that does not exist. */
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
      throw new CommandError('this host has no systemctl: install systemd whole', { cause: error });
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const reason = words === '' ? messageOf(error).trim() : words;
    throw new CommandError(`systemctl ${args.join(' ')} failed: ${reason}`, { cause: error });
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
