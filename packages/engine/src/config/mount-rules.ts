/**
 * The rules for a plugin's mounts. A config comes from strangers, and the operator who consents sees only a source path:
 * so a mount is a bind of that path or a tmpfs and nothing else, with options that are known to do no more.
 * A mount of type `proc` or `overlay` would hand over the host behind an innocent `mount: [none]`.
 */

import { cleanAbsolutePath, isAtOrBelow, isBelow, withoutVarRun } from '@outboard/container';
import { hasHiddenCharacters, OutboardError, showValue } from '@outboard/oci';
import type { PluginMount } from './plugin-config.ts';

/** Path of a plugin's socket directory in its container. */
export const socketDirectoryInPlugin = '/run/docker/plugins';
/** Path of the directory in which a log driver finds its FIFOs. */
export const logDirectoryInPlugin = '/run/docker/logging';

/** A mount that has passed the rules. */
export interface CheckedMount {
  readonly kind: 'bind' | 'tmpfs';
  /** Absolute and clean. */
  readonly destination: string;
  /** In the config's order, without those that have no effect. */
  readonly options: readonly string[];
  /** True when mounts below it propagate to the host. */
  readonly shared: boolean;
  readonly warnings: readonly string[];
}

const propagationOptions = new Set(['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']);
const flagOptions = new Set(
  `ro rw suid nosuid dev nodev exec noexec sync async dirsync atime noatime diratime nodiratime
   relatime norelatime strictatime nostrictatime mand nomand`.split(/\s+/),
);
/**
 * Options that runtimes interpret and that no plugin needs. Any other unknown option of a bind has no effect: runtimes pass
 * it to the kernel, which ignores the data of a bind mount. Docker does the same, and published plugins have `r` (nexentastor), `readonly` (trajano/cifs), `defaults` of `/etc/fstab`, `z` of `docker run -v`.
 * @see mount options of runc (libcontainer/specconv) and crun
 */
const refusedBindOptions = new Set(
  `remount unbindable runbindable idmap ridmap tmpcopyup copy-symlink src-nofollow dest-nofollow acl noacl iversion
   noiversion lazytime nolazytime loud silent symfollow nosymfollow rro rrw rsuid rnosuid rdev rnodev rexec rnoexec
   ratime rnoatime rdiratime rnodiratime rrelatime rnorelatime rstrictatime rnostrictatime rsymfollow
   rnosymfollow`.split(/\s+/),
);
const meansReadOnly = /^(?:r|read-?only)$/i;
const tmpfsValueOption = /^(?:(?:size|nr_inodes)=\d{1,12}[kmg%]?|mode=[0-7]{3,4}|[ug]id=\d{1,10})$/i;

const maxOptions = 64;
const maxPathBytes = 4095;

/** Names in `/dev` that the runtime creates itself; a mount there would race with it. */
const runtimeDeviceNames = new Set(
  'null zero full random urandom tty console ptmx fd core stdin stdout stderr'.split(' '),
);

/**
 * Check one mount.
 * @param subject name of the mount in messages, such as `config: "Mounts[0]"`
 * @throws {OutboardError} invalid: a type, option or destination that is not allowed
 */
export function checkMount(mount: PluginMount, subject: string): CheckedMount {
  const options = mount.options ?? [];
  if (options.length > maxOptions) {
    throw invalid(subject, 'Options', `${options.length} options`, `at most ${maxOptions}`);
  }
  const kind = mountKind(mount);
  if (kind === undefined) throw invalid(subject, 'Type', mount.type, '"bind" or "tmpfs"');
  const warnings: string[] = [];
  const known = options.filter((option) => {
    if (kind === 'tmpfs' ? option !== 'defaults' : hasMeaning(option)) return true;
    warnings.push(`${subject}: option ${showValue(option)} has no effect${adviceOn(option)}`);
    return false;
  });
  for (const option of known) checkOption(option, kind, subject);
  if (known.filter((option) => propagationOptions.has(option)).length > 1) {
    throw invalid(subject, 'Options', options, 'one propagation option at most');
  }
  const shared = known.some(isSharedOption);
  const destination = checkDestination(mount, kind, subject);
  if (kind === 'bind' && !options.some(isBindOption)) {
    warnings.push(`${subject}: a bind mount without option "bind" or "rbind" is mounted as "rbind"`);
  }
  return { kind, destination, options: known, shared, warnings };
}

/**
 * Decide the kind of a mount. A bind option makes it a bind of its source whatever the type, in runc and so in Docker
 * (opa-docker-authz has type "none" with "bind"); `rbind` as a type has no other meaning.
 * @returns undefined for any other kind of mount
 * @see runc libcontainer/specconv, createLibcontainerMount: "any type the user specified is meaningless for bind mounts"
 */
export function mountKind({
  type,
  options,
}: Pick<PluginMount, 'type' | 'options'>): 'bind' | 'tmpfs' | undefined {
  if (type === 'bind' || type === 'rbind' || options?.some(isBindOption) === true) return 'bind';
  return type === 'tmpfs' ? 'tmpfs' : undefined;
}

/** True for options of mount propagation. */
export function isPropagationOption(option: string): boolean {
  return propagationOptions.has(option);
}

/** True for options that propagate mounts of the plugin to the host. */
export function isSharedOption(option: string): boolean {
  return option === 'shared' || option === 'rshared';
}

/** True for options that make a mount a bind mount. */
export function isBindOption(option: string): boolean {
  return option === 'bind' || option === 'rbind';
}

/** True for options that change a bind mount. Text with invisible characters could be taken for any of them. */
function hasMeaning(option: string): boolean {
  const isKnown = isBindOption(option) || propagationOptions.has(option) || flagOptions.has(option);
  return isKnown || refusedBindOptions.has(option) || hasHiddenCharacters(option);
}

function adviceOn(option: string): string {
  if (meansReadOnly.test(option)) return '; a read-only mount is "ro"';
  return option.includes(',') ? '; each option is an entry of its own' : '';
}

function checkOption(option: string, kind: 'bind' | 'tmpfs', subject: string): void {
  if (kind === 'bind' && (isBindOption(option) || propagationOptions.has(option) || flagOptions.has(option)))
    return;
  if (kind === 'tmpfs' && tmpfsValueOption.test(option)) return;
  if (kind === 'tmpfs' && flagOptions.has(option) && option !== 'dev' && option !== 'suid') return;
  const want =
    kind === 'bind'
      ? 'an option of a bind mount, such as "rbind", "ro" or "rslave"'
      : 'an option of a tmpfs, such as "size=64m", "mode=0755" or "exec"';
  throw invalid(subject, 'Options', option, want);
}

function checkDestination(mount: PluginMount, kind: 'bind' | 'tmpfs', subject: string): string {
  const fail = (want: string) => invalid(subject, 'Destination', mount.destination, want);
  const clean = checkPath(mount.destination, 'Destination', subject);
  const isSamePath = kind === 'bind' && cleanAbsolutePath(mount.source ?? '') === clean;
  if (clean === '/') throw fail('a path below /, which is the root filesystem itself');
  if (isAtOrBelow(clean, '/proc')) throw fail('a path outside /proc, such as /host/proc');
  // Host /sys and /dev on the same path are common in storage plugins; the operator sees them as mounts.
  if (isAtOrBelow(clean, '/sys') && !isSamePath)
    throw fail('a path outside /sys, or a bind of the same host path');
  if (clean === '/dev' && !isSamePath) throw fail('a path below /dev, or a bind of the host path /dev');
  if (isBelow(clean, '/dev')) checkDeviceDestination(clean, kind, fail);
  checkSocketDirectory(clean, kind, fail);
  return clean;
}

function checkDeviceDestination(
  clean: string,
  kind: 'bind' | 'tmpfs',
  fail: (want: string) => OutboardError,
): void {
  const name = clean.split('/')[2] ?? '';
  if (runtimeDeviceNames.has(name))
    throw fail(`another path: the container runtime makes /dev/${name} itself`);
  if (kind === 'tmpfs' && clean !== '/dev/shm') throw fail('a path outside /dev, or /dev/shm');
}

function checkSocketDirectory(
  clean: string,
  kind: 'bind' | 'tmpfs',
  fail: (want: string) => OutboardError,
): void {
  const path = withoutVarRun(clean);
  if (isBelow(path, socketDirectoryInPlugin)) {
    throw fail(`a path outside ${socketDirectoryInPlugin}, where the plugin's socket directory is mounted`);
  }
  // kathara/katharanp binds the directory itself, as Docker allows; the socket directory is mounted over it.
  if (path === socketDirectoryInPlugin && kind !== 'bind') throw fail(`a bind, or a path outside ${path}`);
}

/**
 * Check that a path is absolute, clean and of a length that the kernel takes.
 * @returns the path without doubled and trailing slashes
 * @throws {OutboardError} invalid
 */
export function checkPath(path: string, field: string, subject: string): string {
  const clean = hasHiddenCharacters(path) ? undefined : cleanAbsolutePath(path);
  if (clean === undefined || Buffer.byteLength(path) > maxPathBytes) {
    throw invalid(subject, field, path, 'an absolute path without "." and ".." components');
  }
  return clean;
}

function invalid(subject: string, field: string, got: unknown, want: string): OutboardError {
  return new OutboardError('invalid', `${subject}: invalid ${field} ${showValue(got)}: want ${want}`);
}
