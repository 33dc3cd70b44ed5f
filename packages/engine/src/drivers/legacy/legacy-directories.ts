/**
 * Where legacy plugins, which the host runs and no engine manages, make themselves known.
 * @see moby pkg/plugins/discovery.go and discovery_unix.go (28.x)
 */

export interface LegacyDirectories {
  /** For `<name>.sock`. */
  readonly sockets: string;
  /** For `<name>.spec` and `<name>.json`, the first folder first. */
  readonly specs: readonly string[];
}

/** Docker's own, so that a plugin's package works with either engine. */
export const defaultLegacyDirectories: LegacyDirectories = {
  sockets: '/run/docker/plugins',
  specs: ['/etc/docker/plugins', '/usr/lib/docker/plugins'],
};
