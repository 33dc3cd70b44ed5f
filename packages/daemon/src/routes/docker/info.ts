/**
 * `GET /info`
 * @see Docker Engine API v1.51, SystemInfo
 */
import { cpus, hostname, totalmem } from 'node:os';
import type { CgroupDriver, PluginDrivers } from '@outboard/engine';
import type { RegistriesConfiguration } from '@outboard/oci';
import type { HostFacts } from '../../host/host-facts.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/** The facts of `/info`. */
export interface InfoDeps {
  readonly engine: { readonly drivers: Pick<PluginDrivers, 'all' | 'enabled'> };
  readonly version: string;
  readonly dataRoot: string;
  /** The configuration of registries in force. */
  readonly registries: () => Pick<RegistriesConfiguration, 'insecureRegistries' | 'hubMirrors' | 'proxies'>;
  readonly runtime: string;
  /** For plugins that are started from now on. */
  readonly cgroupDriver: CgroupDriver;
  /** True if plugins keep running without a daemon. */
  readonly liveRestore: boolean;
  /** The authorization plugins in force, with their names in the configuration. */
  readonly authorizationPlugins: () => readonly string[];
  readonly hostFacts: () => Promise<HostFacts>;
}

/** Has the fields that clients of the plugin routes read, and those without which Docker's CLI warns. */
export function infoRoute(deps: InfoDeps): Route {
  return {
    method: 'GET',
    path: '/info',
    async handle({ signal }) {
      const host = await deps.hostFacts();
      const { drivers } = deps.engine;
      const volumeDrivers = await drivers.all('volumedriver', { signal });
      const authorizationPlugins = deps.authorizationPlugins();
      const registries = deps.registries();
      return jsonReply(200, {
        ID: '',
        Name: hostname(),
        ServerVersion: deps.version,
        ...emptyContainerFacts,
        LiveRestoreEnabled: deps.liveRestore,
        Plugins: {
          // Docker lists its built-in drivers, which do not exist here, and only the network drivers of managed plugins.
          Volume: volumeDrivers.map(({ name }) => name).sort(),
          Network: drivers.enabled('networkdriver'),
          Authorization: authorizationPlugins.length === 0 ? null : authorizationPlugins,
          Log: drivers.enabled('logdriver'),
        },
        SystemTime: new Date().toISOString(),
        OSType: 'linux',
        OperatingSystem: host.operatingSystem,
        OSVersion: host.operatingSystemVersion,
        Architecture: host.machine,
        KernelVersion: host.kernelVersion,
        NCPU: cpus().length,
        MemTotal: totalmem(),
        DockerRootDir: deps.dataRoot,
        CgroupDriver: deps.cgroupDriver,
        DefaultRuntime: deps.runtime,
        Runtimes: { [deps.runtime]: { path: deps.runtime } },
        IndexServerAddress: 'https://index.docker.io/v1/',
        HttpProxy: registries.proxies.shown.httpProxy,
        HttpsProxy: registries.proxies.shown.httpsProxy,
        NoProxy: registries.proxies.shown.noProxy,
        RegistryConfig: registryConfig(registries),
      });
    },
  };
}

/** The fields of a Docker Engine without containers and images. */
const emptyContainerFacts = {
  Containers: 0,
  ContainersRunning: 0,
  ContainersPaused: 0,
  ContainersStopped: 0,
  Images: 0,
  Driver: '',
  DriverStatus: [],
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  OomKillDisable: true,
  IPv4Forwarding: true,
  Debug: false,
  LoggingDriver: '',
  Labels: [],
  ExperimentalBuild: false,
  Isolation: '',
  InitBinary: '',
  SecurityOptions: [],
  Swarm: {
    NodeID: '',
    NodeAddr: '',
    LocalNodeState: 'inactive',
    ControlAvailable: false,
    Error: '',
    RemoteManagers: null,
  },
  Warnings: null,
};

/** Loopback networks are always insecure registries. */
function registryConfig({
  insecureRegistries,
  hubMirrors,
}: Pick<RegistriesConfiguration, 'insecureRegistries' | 'hubMirrors'>): object {
  const isNetwork = (registry: string) => registry.includes('/');
  const hosts = insecureRegistries.filter((registry) => !isNetwork(registry));
  const index = (name: string, official: boolean) => ({
    Name: name,
    Mirrors: official ? hubMirrors : [],
    Secure: official,
    Official: official,
  });
  return {
    AllowNondistributableArtifactsCIDRs: null,
    AllowNondistributableArtifactsHostnames: null,
    InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', ...insecureRegistries.filter(isNetwork)],
    IndexConfigs: Object.fromEntries([
      ['docker.io', index('docker.io', true)],
      ...hosts.map((host) => [host, index(host, false)]),
    ]),
    Mirrors: hubMirrors.length === 0 ? null : hubMirrors,
  };
}
