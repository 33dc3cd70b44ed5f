/**
 * The directories in which legacy plugins, which the host runs and no engine manages, are found.
 * @see moby pkg/plugins/discovery.go and discovery_unix.go (28.x)
 */

/** Directories to search. */
export interface LegacyDirectories {
  /** Directory of `<name>.sock`. */
  readonly sockets: string;
  /** Directories of `<name>.spec` and `<name>.json`, in order of preference. */
  readonly specs: readonly string[];
}

/** Docker's directories, so that a plugin's package works with either engine. */
export const defaultLegacyDirectories: LegacyDirectories = {
  sockets: '/run/docker/plugins',
  specs: ['/etc/docker/plugins', '/usr/lib/docker/plugins'],
};
