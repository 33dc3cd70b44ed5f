/**
 * The synchronous calls to file systems in packages that the daemon runs, each file with the reason why no other process can make
 * its calls wait. A call that nothing here explains holds every client of a daemon while a file system does not answer.
 */

/** Names of functions of `node:fs` by file below `packages`. */
type Calls = Readonly<Record<string, string>>;

/** Reasons, each with the files that it is the reason of. */
export const explainedCalls: Readonly<Record<string, Calls>> = {
  'The kernel answers from memory: /proc, /sys, cgroups, and devices of its own.': {
    'container/src/cgroup/cgroup-driver.ts': 'existsSync',
    'container/src/cgroup/swap-limit.ts': 'existsSync',
    'container/src/cgroup/systemd-scope.ts': 'existsSync',
    'container/src/exec/input-pipe.ts': 'openSync readFileSync readdirSync readlinkSync',
    'container/src/exec/launch-command.ts': 'readFileSync',
    'container/src/exec/withheld-controllers.ts': 'existsSync',
    'container/src/linux/close-on-exec.ts': 'readdirSync',
    'container/src/linux/describe-process.ts': 'readFileSync',
    'container/src/linux/process-identity.ts': 'readFileSync',
    'container/src/linux/process-progress.ts': 'readFileSync',
    'container/src/linux/pseudo-terminal.ts': 'openSync',
    'container/src/linux/thread-priority.ts': 'writeFileSync',
    'container/src/security/apparmor.ts': 'existsSync',
    'engine/src/preflight/diagnose-host.ts': 'existsSync',
  },
  'The handle was opened without following a link or entering a mount.': {
    'container/src/linux/open-entry.ts': 'fstatSync openSync readFileSync',
    'container/src/rootfs/read-in-root.ts': 'fstatSync',
    'engine/src/preflight/locate-program.ts': 'fstatSync',
    'engine/src/supervise/host/exec-root-watch.ts': 'fstatSync',
    'engine/src/supervise/host/open-plugin-socket.ts': 'fstatSync',
  },
  'Directories of data root and exec root that only this process writes, and where only root can mount.': {
    'container/src/exec/exec-directory.ts': 'existsSync',
    'container/src/exec/host-tools.ts': 'openSync',
    'container/src/exec/start-watch.ts': 'existsSync watch',
    'container/src/linux/immutable-directory.ts': 'openSync',
    'container/src/linux/lock-directory.ts': 'fstatSync openSync readFileSync rmSync writeFileSync',
    'container/src/logs/read-log.ts': 'existsSync',
    'container/src/logs/watch-directory.ts': 'watch',
    'container/src/network/cni-networks.ts': 'existsSync',
    'container/src/rootfs/workspaces.ts': 'existsSync',
    'container/src/runtime/conmon-container.ts': 'watch',
    'container/src/runtime/conmon-runtime.ts': 'existsSync readFileSync',
    'engine/src/references/stored-references.ts': 'existsSync',
    'oci/src/content/file-content-store.ts': 'renameSync',
    'oci/src/content/quarantine.ts': 'renameSync statSync',
  },
  'The socket directory of a plugin, which was just made or was found without a mount over it.': {
    'engine/src/supervise/host/watch-name.ts': 'watch',
  },
  'FIFOs of log drivers, in a directory of the engine, by handles that follow no link.': {
    'engine/src/drivers/log-pipe.ts': 'fstatSync mkdirSync openSync unlinkSync',
    'engine/src/drivers/log-stream.ts': 'existsSync',
  },
  'Directories of the sockets of this process, where only root can mount.': {
    'container/src/linux/listening-socket.ts': 'chmodSync chownSync rmSync',
    'daemon/src/listen/unix-socket.ts': 'chmodSync chownSync',
    'gateway/src/socket-table.ts': 'realpathSync',
    'gateway/src/sockets/plugin-socket.ts': 'chmodSync chownSync',
    'gateway/src/sockets/watch-path.ts': 'watch',
  },
  'Programs and libraries of the system and files of this installation, without which nothing runs.': {
    'container/src/exec/start-debug.ts': 'existsSync',
    'container/src/linux/find-binary.ts': 'accessSync statSync',
    'container/src/linux/system-library.ts': 'existsSync',
    'container/src/linux/zstd.ts': 'existsSync',
    'daemon/src/installation.ts': 'existsSync readFileSync',
  },
  'The own output of the daemon, and a report beside its configuration for the command that reloads it.': {
    'daemon/src/logging/log-format.ts': 'fstatSync',
    'daemon/src/service/reload-report.ts': 'watch',
  },
  'The start of the child process that unpacks; the rest of its directory runs in that child.': {
    'container/src/rootfs/jail/jail-process.ts': 'fstatSync openSync',
  },
};

/** Directories whose files run in child processes, but for those above. */
export const childDirectories = ['container/src/rootfs/jail/'];

/** Packages that the daemon runs. */
export const daemonPackages = ['async', 'container', 'daemon', 'engine', 'gateway', 'oci', 'protocol'];

/**
 * The synchronous functions of `node:fs` that a file imports, sorted; `closeSync` does not count, since what it closes was only
 * read. `watch` counts: it looks the path up before it returns. A whole module counts as `*`.
 */
export function synchronousImports(source: string): readonly string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '');
  const listed = [...code.matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*'(?:node:)?fs'/g)].flatMap(
    ([, names = '']) => names.split(',').map((name) => name.trim().replace(/\s+as\s.*$/, '')),
  );
  const isWhole = /\bimport\s+(?:\*\s+as\s+)?\w+\s+from\s*'(?:node:)?fs'/.test(code);
  const waiting = listed.filter((name) => /Sync$|^watch$/.test(name) && name !== 'closeSync');
  return [...new Set([...waiting, ...(isWhole ? ['*'] : [])])].sort();
}
