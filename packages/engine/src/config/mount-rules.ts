/**
 * Which mounts a plugin may have. A config comes from strangers, and the operator who consents sees only a source path:
 * so a mount is a bind of that path or a tmpfs and nothing else, with options that are known to do no more.
 * A mount of type `proc` or `overlay` would hand over the host behind an innocent `mount: [none]`.
 */
import { hasHiddenCharacters, OutboardError } from '@outboard/oci';
import { cleanAbsolutePath, isAtOrBelow, isBelow, withoutVarRun } from './container-path.ts';
import { showValue } from './json-document.ts';
import type { PluginMount } from './plugin-config.ts';

/** Where a plugin finds its own socket directory. */
export const socketDirectoryInPlugin = '/run/docker/plugins';

/** A mount that has passed the rules. */
export interface CheckedMount {
  readonly kind: 'bind' | 'tmpfs';
  /** Absolute and clean. */
  readonly destination: string;
  /** In the config's order, without those that have no effect. */
  readonly options: readonly string[];
  /** Whether mounts made below it reach the host. */
  readonly shared: boolean;
  readonly warnings: readonly string[];
}

const propagationOptions = new Set(['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']);
const sharedOptions = new Set(['shared', 'rshared']);
const flagOptions = new Set(
  `ro rw suid nosuid dev nodev exec noexec sync async dirsync atime noatime diratime nodiratime
   relatime norelatime strictatime nostrictatime mand nomand`.split(/\s+/),
);
/**
 * Options of binds in the wild that never meant anything: of `/etc/fstab` (`defaults`), of `docker run -v` (`z`, `Z`), and
 * of trajano/cifs. runc hands what it does not know to the kernel, which ignores the data of a bind mount.
 */
const ignoredOptions = new Set(['readonly', 'defaults', 'z', 'Z']);
const tmpfsValueOption = /^(?:(?:size|nr_inodes)=\d{1,12}[kmg%]?|mode=[0-7]{3,4}|[ug]id=\d{1,10})$/i;

const maxOptions = 64;
const maxPathBytes = 4095;

/** Names in `/dev` that the runtime makes itself, so a mount there would race with it. */
const runtimeDeviceNames = new Set(
  'null zero full random urandom tty console ptmx fd core stdin stdout stderr'.split(' '),
);

/**
 * Check one mount.
 * @param subject what names the mount in messages, such as `config: "Mounts[0]"`
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
    if (kind === 'tmpfs' ? option !== 'defaults' : !ignoredOptions.has(option)) return true;
    const advice = option === 'readonly' ? '; a read-only mount is "ro"' : '';
    warnings.push(`${subject}: option ${showValue(option)} has no effect${advice}`);
    return false;
  });
  for (const option of known) checkOption(option, kind, subject);
  if (known.filter((option) => propagationOptions.has(option)).length > 1) {
    throw invalid(subject, 'Options', options, 'one propagation option at most');
  }
  const shared = known.some((option) => sharedOptions.has(option));
  const destination = checkDestination(mount, kind, shared, subject);
  if (kind === 'bind' && !options.some(isBindOption)) {
    warnings.push(`${subject}: a bind mount without option "bind" or "rbind" is mounted as "rbind"`);
  }
  return { kind, destination, options: known, shared, warnings };
}

/**
 * Refuse mounts below a shared one: they would be mounted on the host as well, over what is there.
 * @throws {OutboardError} invalid
 */
export function requireNothingBelowShared(
  mounts: readonly Pick<CheckedMount, 'destination' | 'shared'>[],
): void {
  for (const outer of mounts.filter((mount) => mount.shared)) {
    const inner = mounts.find((mount) => isBelow(mount.destination, outer.destination));
    if (inner === undefined) continue;
    throw new OutboardError(
      'invalid',
      `mount at ${showValue(inner.destination)} lies below the shared mount at ${showValue(outer.destination)}: ` +
        'want another path, or propagation "rslave"',
    );
  }
}

/**
 * The kind of a mount. A bind option makes it a bind of its source whatever the type, in runc and so in Docker
 * (opa-docker-authz has type "none" with "bind"); `rbind` as a type can mean nothing else.
 * @returns undefined for what is neither a bind nor a tmpfs
 * @see runc libcontainer/specconv, createLibcontainerMount: "any type the user specified is meaningless for bind mounts"
 */
export function mountKind({
  type,
  options,
}: Pick<PluginMount, 'type' | 'options'>): 'bind' | 'tmpfs' | undefined {
  if (type === 'bind' || type === 'rbind' || options?.some(isBindOption) === true) return 'bind';
  return type === 'tmpfs' ? 'tmpfs' : undefined;
}

/** Whether an option says how far a mount's own mounts travel. */
export function isPropagationOption(option: string): boolean {
  return propagationOptions.has(option);
}

/** Whether an option makes a mount a bind mount. */
export function isBindOption(option: string): boolean {
  return option === 'bind' || option === 'rbind';
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

function checkDestination(
  mount: PluginMount,
  kind: 'bind' | 'tmpfs',
  shared: boolean,
  subject: string,
): string {
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
  checkSocketDirectory(clean, kind, shared, fail);
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
  shared: boolean,
  fail: (want: string) => OutboardError,
): void {
  const path = withoutVarRun(clean);
  if (isBelow(path, socketDirectoryInPlugin)) {
    throw fail(`a path outside ${socketDirectoryInPlugin}, where the plugin's socket directory is mounted`);
  }
  // kathara/katharanp binds the folder itself, as Docker allows; the socket directory is mounted over it.
  if (path === socketDirectoryInPlugin && kind !== 'bind') throw fail(`a bind, or a path outside ${path}`);
  // Mounting the socket directory on a shared mount would mount it on the host as well, over other plugins' sockets.
  if (shared && isAtOrBelow(socketDirectoryInPlugin, path)) {
    throw fail(`a path that does not contain ${socketDirectoryInPlugin}, or propagation "rslave"`);
  }
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
