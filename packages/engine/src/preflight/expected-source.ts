/**
 * Decides the kind of file that belongs at the missing source of a mount. A directory created in place of a socket would
 * keep the program that listens there from starting, at each boot. Pure.
 */
import { isBelow, type WalkEnd } from '@outboard/container';

/** Kinds of sources. */
export type ExpectedSource = 'directory' | 'socket' | 'device' | 'kernel file' | 'file';

const socketName = /(?:^|[._-])(?:sock|socket)$/i;
/** File name extensions that directories do not have. */
const fileName =
  /\.(?:bin|ca|cert|cfg|cnf|conf|config|cred|credentials|crt|csr|ctl|db|der|env|fifo|hcl|img|ini|json|key|keytab|keyring|ko|lock|log|p12|passwd|password|pem|pfx|pid|properties|pub|secret|service|sh|so|sql|sqlite|token|toml|txt|xml|ya?ml)$/i;
/** Files without an extension that plugins mount. */
const knownFiles = new Set(
  `/etc/fstab /etc/group /etc/hostname /etc/hosts /etc/localtime /etc/machine-id /etc/mtab /etc/os-release /etc/passwd
   /etc/shadow /etc/subgid /etc/subuid /etc/timezone`.split(/\s+/),
);

/**
 * Decide by the names of a mount and by the plugin's root filesystem.
 * @param inRootfs kind of the file at the destination, which the author made for the mount
 */
export function expectedSource(
  { source, destination }: { readonly source: string; readonly destination: string },
  inRootfs?: WalkEnd['end'],
): ExpectedSource {
  const paths = [source, destination].map((path) => path.replace(/\/+$/, ''));
  if (paths.some((path) => socketName.test(path))) return 'socket';
  // Only the kernel creates files there.
  if (isBelow(source, '/proc') || isBelow(source, '/sys')) return 'kernel file';
  if (isBelow(source, '/dev')) return 'device';
  if (inRootfs === 'other' || paths.some((path) => fileName.test(path) || knownFiles.has(path)))
    return 'file';
  return 'directory';
}

/** The remedy for a missing source. */
export function howToProvide(kind: Exclude<ExpectedSource, 'directory'>): string {
  switch (kind) {
    case 'socket':
      return 'start the program that makes this socket';
    case 'device':
      return 'attach the device, or load its driver';
    case 'kernel file':
      return 'load the kernel module that shows it';
    case 'file':
      return 'make the file';
  }
}
