/**
 * Entries of a configuration of registries as values, whatever file they are from.
 */
import type { RegistryPlace } from './registry-location.ts';

/** The pulls that a mirror is used for. */
export const mirrorUses = ['all', 'digest-only', 'tag-only'] as const;

/** One of the pulls that a mirror is used for. */
export type MirrorUse = (typeof mirrorUses)[number];

/** A mirror of a registry. */
export interface MirrorRule {
  readonly place: RegistryPlace;
  /** True: any certificate, and plain HTTP where HTTPS does not respond. */
  readonly insecure: boolean;
  readonly use: MirrorUse;
}

/** Paths of a certificate for the client and of its key, both PEM. */
export interface ClientCertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** One entry. An absent field says nothing. */
export interface RegistryRule {
  /** As `parsePrefix` reads it. */
  readonly prefix: string;
  /** Place of the entry, for messages, such as `"/etc/containers/registries.conf" line 12`. */
  readonly source: string;
  /** True: nothing is pulled, pushed or asked. */
  readonly blocked?: boolean | undefined;
  /** True: any certificate, and plain HTTP where HTTPS does not respond. */
  readonly insecure?: boolean | undefined;
  /** True: plain HTTP, without a try of HTTPS. */
  readonly plainHttp?: boolean | undefined;
  /** Place that the repositories are pulled from instead of the one in their names. */
  readonly location?: RegistryPlace | undefined;
  /** Tried in order before the registry itself. */
  readonly mirrors?: readonly MirrorRule[] | undefined;
  /** Path of certificates of authorities (PEM), for all connections to the host. */
  readonly ca?: string | undefined;
  /** For all connections to the host. */
  readonly clientCertificate?: ClientCertificateFiles | undefined;
  /** Path of a file with credentials for the host, where it is asked in place of the registry in a name. */
  readonly authFile?: string | undefined;
  /** Hosts that may see the credentials for the registry, as its token servers. */
  readonly tokenServers?: readonly string[] | undefined;
}

/**
 * Join two entries for the same prefix: the fields of the second one count where both have some. The source is that of the
 * entry that says whether the prefix is blocked.
 */
export function joinRules(first: RegistryRule, second: RegistryRule): RegistryRule {
  const given = Object.entries(second).filter(([, value]) => value !== undefined);
  const decides = second.blocked === undefined && first.blocked !== undefined ? first : second;
  return { ...first, ...Object.fromEntries(given), source: decides.source };
}
