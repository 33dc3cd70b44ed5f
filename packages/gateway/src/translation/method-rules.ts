/**
 * The methods of the plugin protocols: the arguments that each has, its time limit, and the treatment of its answer. A method that
 * is not in the table is forwarded byte for byte, as a stream.
 *
 * Answers of volume drivers are translated, because programs read them that know neither the plugin's mount namespace nor all forms
 * of failures. All others have one reader, Docker Engine, which knows every form; an authorization plugin's or a metrics
 * collector's meaning even changes with the status. So they stay as they are.
 *
 * No request needs a path rewritten. A `SandboxKey` of a network driver and a `File` of a log driver are paths of the host's
 * `/run/docker`, which Docker Engine names to its own managed plugins in the same way: a plugin has that directory mounted at the
 * same place, or cannot work with Docker Engine either.
 */

/** Treatment of a method. */
export interface MethodRule {
  /**
   * `required`: an empty body is refused. `none` and `object`: a consumer may send nothing, `{}` or `null`, and the plugin gets what
   * Docker Engine sends, which is nothing or `{}`.
   */
  readonly request: 'required' | 'none' | 'object';
  /** Has the longer time limit: it may work on slow or remote storage. */
  readonly isSlow: boolean;
  /** Only reads: it may be sent again when its answer was lost. */
  readonly isQuery: boolean;
  readonly translation?: VolumeMethod | undefined;
}

/** Methods of volume drivers, by the treatment of their answers. */
export type VolumeMethod = 'Mount' | 'Unmount' | 'Path' | 'Get' | 'List' | 'Capabilities' | 'done';

const change: MethodRule = { request: 'required', isSlow: false, isQuery: false };
const slow: MethodRule = { request: 'required', isSlow: true, isQuery: false };
const query: MethodRule = { request: 'required', isSlow: false, isQuery: true };
const question: MethodRule = { request: 'none', isSlow: false, isQuery: true };

const rules: ReadonlyMap<string, MethodRule> = new Map([
  ...rulesOf('VolumeDriver', {
    Create: { ...slow, translation: 'done' },
    Remove: { ...change, translation: 'done' },
    Mount: { ...slow, translation: 'Mount' },
    Unmount: { ...change, translation: 'Unmount' },
    Path: { ...query, translation: 'Path' },
    Get: { ...query, translation: 'Get' },
    List: { ...question, request: 'object', translation: 'List' },
    Capabilities: { ...question, request: 'object', translation: 'Capabilities' },
  }),
  ...rulesOf('NetworkDriver', {
    GetCapabilities: question,
    AllocateNetwork: slow,
    FreeNetwork: change,
    GwAllocCheck: query,
    CreateNetwork: slow,
    DeleteNetwork: change,
    CreateEndpoint: slow,
    EndpointOperInfo: query,
    DeleteEndpoint: change,
    Join: slow,
    Leave: change,
    ProgramExternalConnectivity: slow,
    RevokeExternalConnectivity: change,
    DiscoverNew: change,
    DiscoverDelete: change,
  }),
  ...rulesOf('IpamDriver', {
    GetCapabilities: question,
    GetDefaultAddressSpaces: question,
    RequestPool: change,
    ReleasePool: change,
    RequestAddress: change,
    ReleaseAddress: change,
  }),
  ...rulesOf('AuthZPlugin', { AuthZReq: query, AuthZRes: query }),
  ...rulesOf('LogDriver', { StartLogging: change, StopLogging: change, Capabilities: question }),
  ...rulesOf('MetricsCollector', {
    StartMetrics: { ...change, request: 'none' },
    StopMetrics: { ...change, request: 'none' },
  }),
  ...rulesOf('SecretProvider', { GetSecret: change }),
]);

/**
 * The rule of a method.
 * @param method such as `VolumeDriver.Get`
 * @returns undefined for a method that no protocol has, and for `LogDriver.ReadLogs`, whose answer is a stream
 */
export function ruleOf(method: string): MethodRule | undefined {
  return rules.get(method);
}

/** True for every method of the protocols. */
export function isKnownMethod(method: string): boolean {
  return rules.has(method) || method === 'Plugin.Activate' || method === 'LogDriver.ReadLogs';
}

function rulesOf(
  interfaceName: string,
  methods: Readonly<Record<string, MethodRule>>,
): readonly (readonly [string, MethodRule])[] {
  return Object.entries(methods).map(([name, rule]) => [`${interfaceName}.${name}`, rule]);
}
