/**
 * The operator's configuration of registries: mirrors, blocked and insecure hosts, certificates, token servers, proxies. A
 * value; a program that reads its files again makes another one.
 */
import { type InsecureList, parseInsecureList, registryHost } from '../http/hosts/registry-host.ts';
import { createProxies, type Proxies, type ProxySettings } from './proxies.ts';
import { parsePlace, pathAt } from './registry-location.ts';
import {
  hostKey,
  matchPrefix,
  parsePrefix,
  type RegistryPrefix,
  type RepositoryName,
} from './registry-prefix.ts';
import {
  type ClientCertificateFiles,
  joinRules,
  type MirrorUse,
  type RegistryRule,
} from './registry-rule.ts';

/** A repository at one host. */
export interface RepositoryEndpoint extends RepositoryName {
  /** True: any certificate, and plain HTTP where HTTPS does not respond. */
  readonly insecure: boolean;
  /** True: plain HTTP, without a try of HTTPS. */
  readonly plainHttp: boolean;
}

/** A repository at a mirror. */
export interface MirrorEndpoint extends RepositoryEndpoint {
  readonly use: MirrorUse;
}

/** The hosts that serve a repository. */
export interface RepositoryLocation {
  /** The entry that blocks the repository, for messages; undefined if none does. */
  readonly blockedBy: string | undefined;
  /** Hosts to pull from before `upstream`, in order. */
  readonly mirrors: readonly MirrorEndpoint[];
  /** The host to pull from. */
  readonly upstream: RepositoryEndpoint;
  /** The host to push to: the one in the name. */
  readonly registry: RepositoryEndpoint;
}

/** Settings of the connections to one host. */
export interface HostRules {
  readonly blockedBy: string | undefined;
  readonly insecure: boolean;
  readonly plainHttp: boolean;
  /** Path of certificates of authorities, PEM. */
  readonly ca: string | undefined;
  readonly clientCertificate: ClientCertificateFiles | undefined;
  /** Path of a file with credentials for the host as a mirror, or as the location of a registry; see `readAuthFile`. */
  readonly authFile: string | undefined;
}

/** A pair of registry and token server. Hosts with ports, as in URLs. */
export interface TokenServer {
  readonly registry: string;
  readonly realm: string;
}

/** The configuration of registries. */
export interface RegistriesConfiguration {
  /** Find the hosts of a repository. */
  locate(repository: RepositoryName): RepositoryLocation;
  /** The settings of a host. @param host `HOST` or `HOST:PORT`, as in references and URLs */
  hostRules(host: string): HostRules;
  /** Hosts and networks that are used without verified TLS. */
  readonly insecure: InsecureList;
  /** Token servers of other hosts that may see the credentials for a registry. */
  readonly tokenServers: readonly TokenServer[];
  /** Directories of certificates, `HOST[:PORT]/*.crt`. */
  readonly certificateDirectories: readonly string[];
  /** Files that this configuration is from, in the order in which they were read. */
  readonly files: readonly string[];
  /** Settings in these files that are not applied, each as a sentence without a final period. */
  readonly unapplied: readonly string[];
  /** Hosts and networks that are insecure by an entry or a list, for insight. */
  readonly insecureRegistries: readonly string[];
  /** Mirrors of Docker Hub, as URLs that end with a slash, for insight. */
  readonly hubMirrors: readonly string[];
  readonly proxies: Proxies;
}

/** Parts of a configuration. */
export interface RegistriesSettings {
  /** Entries; a later one for the same prefix adds to an earlier one. */
  readonly rules?: readonly RegistryRule[] | undefined;
  /** `HOST`, `HOST:PORT` or CIDR blocks, as Docker's `insecure-registries`. */
  readonly insecureRegistries?: readonly string[] | undefined;
  /** Mirrors of Docker Hub, as Docker's `registry-mirrors`: `http(s)://HOST[:PORT][/PATH]`. */
  readonly registryMirrors?: readonly string[] | undefined;
  readonly tokenServers?: readonly TokenServer[] | undefined;
  /** Default `defaultCertificateDirectories`. */
  readonly certificateDirectories?: readonly string[] | undefined;
  /** Default none. */
  readonly proxies?: ProxySettings | undefined;
  readonly files?: readonly string[] | undefined;
  readonly unapplied?: readonly string[] | undefined;
}

/** Directories of certificates: our own, Docker's and Podman's. */
const defaultCertificateDirectories: readonly string[] = [
  '/etc/outboard/certs.d',
  '/etc/docker/certs.d',
  '/etc/containers/certs.d',
];

const hub = 'docker.io';

/**
 * Create a configuration.
 * @throws {OutboardError} invalid for a malformed entry
 */
export function createRegistriesConfiguration(settings: RegistriesSettings = {}): RegistriesConfiguration {
  const mirrors = settings.registryMirrors ?? [];
  const rules = prepareRules([...(settings.rules ?? []), ...hubMirrorRules(mirrors, settings.rules ?? [])]);
  const insecure = parseInsecureList(settings.insecureRegistries ?? []);
  const proxies = createProxies(settings.proxies ?? {});
  const hostRules = (host: string): HostRules => {
    const rule = find(rules, { domain: host, path: '' })?.rule;
    return {
      blockedBy: rule?.blocked ? blockedBy(rule) : undefined,
      insecure: rule?.insecure === true || insecure.includes(registryHost(host), []),
      plainHttp: rule?.plainHttp ?? false,
      ca: rule?.ca,
      clientCertificate: rule?.clientCertificate,
      authFile: rule?.authFile,
    };
  };
  return {
    locate: (repository) => locate(rules, hostRules, repository),
    hostRules,
    insecure,
    tokenServers: [...(settings.tokenServers ?? []), ...rules.flatMap(({ rule }) => tokenServersOf(rule))],
    certificateDirectories: settings.certificateDirectories ?? defaultCertificateDirectories,
    files: settings.files ?? [],
    unapplied: settings.unapplied ?? [],
    insecureRegistries: [...new Set([...(settings.insecureRegistries ?? []), ...insecureHosts(rules)])],
    hubMirrors: mirrorsOfHub(rules),
    proxies,
  };
}

interface PreparedRule {
  readonly prefix: RegistryPrefix;
  readonly rule: RegistryRule;
}

function prepareRules(rules: readonly RegistryRule[]): readonly PreparedRule[] {
  const prepared = new Map<string, PreparedRule>();
  for (const rule of rules) {
    const prefix = parsePrefix(rule.prefix);
    const key = `${prefix.isWildcard} ${prefix.host}/${prefix.path}`;
    const before = prepared.get(key)?.rule;
    prepared.set(key, { prefix, rule: before === undefined ? rule : joinRules(before, rule) });
  }
  return [...prepared.values()];
}

/** The mirrors of `registry-mirrors` come before those of a file's entry for Docker Hub. */
function hubMirrorRules(urls: readonly string[], rules: readonly RegistryRule[]): readonly RegistryRule[] {
  if (urls.length === 0) return [];
  const ofFiles = rules.findLast(
    ({ prefix, mirrors }) => mirrors !== undefined && !prefix.includes('/') && hostKey(prefix) === hub,
  );
  const own = urls.map((url) => ({ place: parsePlace(url), insecure: false, use: 'all' as const }));
  return [{ prefix: hub, source: 'registry-mirrors', mirrors: [...own, ...(ofFiles?.mirrors ?? [])] }];
}

function find(
  rules: readonly PreparedRule[],
  repository: RepositoryName,
): (PreparedRule & { readonly rest: string }) | undefined {
  let longest = 0;
  let found: (PreparedRule & { readonly rest: string }) | undefined;
  for (const prepared of rules) {
    const match = matchPrefix(prepared.prefix, repository);
    if (match === undefined || match.length <= longest) continue;
    longest = match.length;
    found = { ...prepared, rest: match.rest };
  }
  return found;
}

function locate(
  rules: readonly PreparedRule[],
  hostRules: (host: string) => HostRules,
  repository: RepositoryName,
): RepositoryLocation {
  const endpoint = (name: RepositoryName, insecure: boolean, plainHttp: boolean): RepositoryEndpoint => {
    const host = hostRules(name.domain);
    const { domain, path } = name;
    return { domain, path, insecure: insecure || host.insecure, plainHttp: plainHttp || host.plainHttp };
  };
  const found = find(rules, repository);
  const { rule, rest = repository.path } = found ?? {};
  const { location, mirrors = [], insecure = false, plainHttp = false } = rule ?? {};
  const registry = endpoint(repository, insecure, plainHttp);
  const upstream =
    location === undefined
      ? registry
      : endpoint(
          { domain: location.domain, path: pathAt(location, rest) },
          insecure,
          plainHttp || location.plainHttp,
        );
  const blocking = (name: RepositoryName) => {
    const other = find(rules, name)?.rule;
    return other?.blocked ? blockedBy(other) : undefined;
  };
  return {
    blockedBy: blocking(repository) ?? blocking(upstream),
    registry,
    upstream,
    mirrors: mirrors
      .map(({ place, insecure: isInsecure, use }) => ({
        ...endpoint({ domain: place.domain, path: pathAt(place, rest) }, isInsecure, place.plainHttp),
        use,
      }))
      .filter((mirror) => blocking(mirror) === undefined),
  };
}

function blockedBy({ prefix, source }: RegistryRule): string {
  return `entry "${prefix}" in ${source}`;
}

function tokenServersOf({ prefix, tokenServers = [] }: RegistryRule): readonly TokenServer[] {
  return tokenServers.map((realm) => ({ registry: registryHost(prefix).host, realm }));
}

function insecureHosts(rules: readonly PreparedRule[]): readonly string[] {
  return rules
    .filter(
      ({ prefix, rule }) => prefix.path === '' && !prefix.isWildcard && (rule.insecure || rule.plainHttp),
    )
    .map(({ rule }) => rule.prefix);
}

function mirrorsOfHub(rules: readonly PreparedRule[]): readonly string[] {
  const { mirrors = [] } = find(rules, { domain: hub, path: '' })?.rule ?? {};
  return mirrors.map(({ place: { plainHttp, domain, path } }) =>
    [`${plainHttp ? 'http' : 'https'}://${domain}`, ...(path === '' ? [] : [path]), ''].join('/'),
  );
}
