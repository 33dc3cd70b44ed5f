/**
 * A signature policy as values: which proof a plugin must bring before it is installed.
 * @see containers-policy.json(5), whose shape its file has
 */

/** A public key or certificates: a file of the host, or the content itself. */
export type KeySource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'content'; readonly bytes: Buffer };

/** The comparison of the name that was signed with the name that was asked for. */
export type IdentityRule =
  | {
      /** `matchDigest` is Outboard's own: the name is not compared, as by cosign, whose bundles name none. */
      readonly type: 'matchExact' | 'matchRepoDigestOrExact' | 'matchRepository' | 'matchDigest';
    }
  | { readonly type: 'exactReference'; readonly dockerReference: string }
  | { readonly type: 'exactRepository'; readonly dockerRepository: string }
  | { readonly type: 'remapIdentity'; readonly prefix: string; readonly signedPrefix: string };

/** The holder that a certificate must name. At least one of the fields is set, and all that are set must match. */
export interface CertificateSubject {
  readonly email?: string | undefined;
  /** Such as the workflow of a build service. */
  readonly uri?: string | undefined;
  readonly hostname?: string | undefined;
}

/** Keys or certificates that a signature of sigstore must be made with. */
export type SigstoreTrust =
  | { readonly kind: 'keys'; readonly keys: readonly KeySource[] }
  | {
      readonly kind: 'fulcio';
      /** Certificates of the authority in PEM; or, if `isTrustedRoot`, a `trusted_root.json` of sigstore. */
      readonly root: KeySource;
      readonly isTrustedRoot: boolean;
      readonly oidcIssuer: string;
      readonly subject: CertificateSubject;
    }
  | {
      readonly kind: 'pki';
      readonly roots: KeySource;
      readonly intermediates?: KeySource | undefined;
      readonly subject: CertificateSubject;
    };

/** A demand for a signature of sigstore. */
export interface SigstoreRequirement {
  readonly type: 'sigstoreSigned';
  readonly trust: SigstoreTrust;
  /** Keys of transparency logs. Empty: the log is not asked for. */
  readonly rekorKeys: readonly KeySource[];
  readonly identity: IdentityRule;
}

/** A demand for a signature of OpenPGP, "simple signing". */
export interface PgpRequirement {
  readonly type: 'signedBy';
  readonly keys: readonly KeySource[];
  readonly identity: IdentityRule;
}

/** One condition. All conditions of a scope must hold. */
export type PolicyRequirement =
  | { readonly type: 'insecureAcceptAnything' }
  | { readonly type: 'reject' }
  | PgpRequirement
  | SigstoreRequirement;

/** Conditions of one scope; never empty. */
export type PolicyRequirements = readonly PolicyRequirement[];

/** A policy. */
export interface PolicyDocument {
  /** In force where no scope of a transport matches. */
  readonly default: PolicyRequirements;
  /** By transport, such as `docker`, then by scope. The scope `` is that of the whole transport. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, PolicyRequirements>>;
}
