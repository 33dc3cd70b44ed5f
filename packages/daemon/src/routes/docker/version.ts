/**
 * `GET /version`
 * @see Docker Engine API v1.51, SystemVersion
 */
import type { ComponentVersion } from '../../host/component-versions.ts';
import type { HostFacts } from '../../host/host-facts.ts';
import { maximumApiVersion, minimumApiVersion } from '../../http/api-version.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

export interface VersionSources {
  /** The daemon's version. */
  readonly version: string;
  readonly hostFacts: () => Promise<HostFacts>;
  readonly components: () => Promise<readonly ComponentVersion[]>;
}

/** Go's version and the commit are empty: there is none. */
export function versionRoute({ version, hostFacts, components }: VersionSources): Route {
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
      // Docker's CLI draws the details of a component only if it has this name.
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
