/**
 * A directory whose mounts reach other mount namespaces, as everything does on a host that systemd booted. The root file
 * system of a test machine may be private.
 */
import { execFileSync } from 'node:child_process';

/**
 * Make a directory a shared mount. Mount namespaces that are made later, and those mounts only, see mounts that are made
 * below it. Disposing unmounts it and all below it; after that it can be removed.
 */
export function shareDirectory(path: string): Disposable {
  execFileSync('mount', ['--bind', path, path]);
  execFileSync('mount', ['--make-shared', path]);
  return {
    [Symbol.dispose]() {
      execFileSync('umount', ['--recursive', path]);
    },
  };
}
