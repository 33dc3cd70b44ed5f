/**
 * `GET /version`
 * @see Docker Engine API v1.51, SystemVersion
 */
import type { ComponentVersion } from '../../host/component-versions.ts';
import type { HostFacts } from '../../host/host-facts.ts';
import { maximumApiVersion, minimumApiVersion } from '../../http/api-version.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** The facts of `/version`. */
export interface VersionDeps {
  /** Version of the daemon. */
  readonly version: string;
  readonly hostFacts: () => Promise<HostFacts>;
  readonly components: () => Promise<readonly ComponentVersion[]>;
}

/** Has empty fields for Go and its build, which do not exist here. */
export function versionRoute({ version, hostFacts, components }: VersionDeps): Route {
  return {
    method: 'GET',
    path: '/version',
    async handle() {
      const [host, others] = await Promise.all([hostFacts(), components()]);
      const facts = {
        GitCommit: '',
        ApiVersion: maximumApiVersion,
        MinAPIVersion: minimumApiVersion,
        GoVersion: '',
        Os: 'linux',
        Arch: host.architecture,
        KernelVersion: host.kernelVersion,
        BuildTime: '',
      };
      // Docker's CLI prints the details of a component only with this name.
      const engine = { Name: 'Engine', Version: version, Details: { ...facts, Experimental: 'false' } };
      const node = { Name: 'node', Version: process.versions.node, Details: {} };
      const rest = others.map((component) => ({
        Name: component.name,
        Version: component.version,
        Details: {},
      }));
      return jsonReply(200, {
        Platform: { Name: 'Outboard' },
        Components: [engine, node, ...rest],
        Version: version,
        ...facts,
      });
    },
  };
}
