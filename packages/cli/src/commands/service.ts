/**
 * `outboard service install` and `outboard service uninstall`
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { changeDirectory, makeDirectoryDurably, writeFileDurably } from '@outboard/oci/durable-file';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { checkoutDirectory, programCommand, unitDirectory } from '../installation.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard service`. */
export interface ServiceOptions {
  readonly now?: boolean | undefined;
  readonly fromCheckout?: boolean | undefined;
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
/** Directory of the units of packages. */
const packagedPath = '/usr/lib/systemd/system';
const [serviceUnit] = units;

/**
 * Write the unit files for this program at its current path; with `now` enable and start them, or restart a daemon that runs.
 * Where a package brought units that start this program, these are used.
 */
export async function installService(
  { host, signal }: CommandContext,
  { now = false, prefix, fromCheckout = false }: ServiceOptions,
): Promise<void> {
  if (now && prefix !== undefined)
    throw new CommandError(
      'conflicting options: --now starts the service on this system, --prefix is for another one',
      { exitCode: 125 },
    );
  requireRoot(prefix);
  if (!fromCheckout) requireInstalled();
  const root = prefix ?? '/';
  const isPackaged = await hasPackagedUnits(root);
  const directory = join(root, isPackaged ? packagedPath : unitPath);
  if (isPackaged) host.stdout.write(`${directory} has the units of the package, which start this program\n`);
  else await writeUnits(host, directory, await groupExists(root));
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
  if (now) return startUnits(signal);
  host.stdout.write(
    'Next: systemctl daemon-reload && systemctl enable --now outboard.socket outboard.service\n',
  );
}

async function writeUnits(
  host: Pick<CommandHost, 'stdout'>,
  directory: string,
  hasGroup: boolean,
): Promise<void> {
  await makeDirectoryDurably(directory, { mode: 0o755 });
  for (const unit of units) {
    const template = await readFile(join(unitDirectory(), unit), 'utf8');
    const text = withoutAbsentGroup(template, hasGroup).replaceAll('@PROGRAM@', programWords);
    // A unit that a power cut left cut off would keep the service from starting at the next boot.
    await writeFileDurably(join(directory, unit), text.replaceAll('@GROUP@', groupName), { mode: 0o644 });
    host.stdout.write(`${join(directory, unit)}\n`);
  }
  if (hasGroup) return;
  const add = `groupadd --system ${groupName}, usermod -aG ${groupName} USER, and run this again`;
  host.stdout.write(`Only root may use the API. To permit other users: ${add}\n`);
}

/** This program, as units name it. */
function programWords(): string {
  return programCommand().map(quoteWord).join(' ');
}

/** A checkout is moved, rebuilt and deleted as nobody expects of what a service of the host starts. */
function requireInstalled(): void {
  const checkout = checkoutDirectory();
  if (checkout === undefined) return;
  throw new CommandError(
    `this program runs from a checkout, ${checkout}, which the service would start at every boot: install Outboard (npm run package makes packages), or use --from-checkout`,
  );
}

/** True if a package brought units, and they start this program. */
async function hasPackagedUnits(root: string): Promise<boolean> {
  const text = await readFile(join(root, packagedPath, serviceUnit), 'utf8').catch(ignoreMissing);
  return text?.includes(`\nExecStart=${programWords()} daemon `) === true;
}

/** Start the units that are written. A daemon that runs already goes on as this program; plugins keep running. */
async function startUnits(signal: AbortSignal): Promise<void> {
  const wasActive = await promisify(execFile)('systemctl', ['is-active', serviceUnit], { signal }).then(
    () => true,
    () => false,
  );
  await systemctl(['daemon-reload'], signal);
  await systemctl(['enable', '--now', ...units], signal);
  if (wasActive) await systemctl(['restart', serviceUnit], signal);
}

/** Stop the daemon and remove its units. Plugins keep running until the next daemon takes them over. */
export async function uninstallService(
  { host, signal }: CommandContext,
  { prefix }: ServiceOptions,
): Promise<void> {
  requireRoot(prefix);
  const directory = join(prefix ?? '/', unitPath);
  const isManaged = prefix === undefined && runsSystemd();
  const isPackaged = await hasPackagedUnits(prefix ?? '/');
  if (isManaged) await stopUnits([directory, ...(isPackaged ? [packagedPath] : [])], signal);
  if (isPackaged) host.stdout.write('the units are those of the package: remove it to remove them\n');
  for (const unit of units) {
    const path = join(directory, unit);
    if (!existsSync(path)) continue;
    await changeDirectory(directory, () => rm(path, { force: true }));
    host.stdout.write(`removed ${path}\n`);
  }
  // Links of `systemctl enable`, which nothing else removes where systemd does not run.
  for (const link of enablingLinks) await rm(join(directory, link), { force: true });
  if (isManaged) {
    await systemctl(['daemon-reload'], signal);
    await stopEmptySlice(signal);
  } else if (prefix === undefined) {
    host.stdout.write(
      `${noSystemd}; the units are removed. A daemon that was started without them keeps running: stop it with SIGTERM\n`,
    );
  }
}

/** Stop those units that are installed: a repeated or partial installation is no error. */
async function stopUnits(directories: readonly string[], signal: AbortSignal): Promise<void> {
  const installed = units.filter((unit) =>
    directories.some((directory) => existsSync(join(directory, unit))),
  );
  if (installed.length > 0) await systemctl(['disable', '--now', ...installed], signal);
}

/** systemd keeps the slice of plugins when the last one ended. With plugins in it, stopping it would end them. */
async function stopEmptySlice(signal: AbortSignal): Promise<void> {
  const list = ['list-units', '--plain', '--no-legend', 'outboard-*.scope'];
  const { stdout } = await promisify(execFile)('systemctl', list, { signal });
  if (stdout.trim() === '') await systemctl(['stop', 'outboard.slice'], signal);
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
  const groups = await readFile(join(root, 'etc/group'), 'utf8').catch(ignoreMissing);
  return groups?.split('\n').some((line) => line.startsWith(`${groupName}:`)) === true;
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
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
