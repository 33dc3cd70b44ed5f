/**
 * The route that verifies signatures. Docker Engine has none.
 */
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { askOwnRoute, requireOwnRoute } from './own-route.ts';
import type { RemotePlugin } from './plugin-api.ts';

/** One signature that was verified. */
export interface SignatureSummary {
  readonly kind: string;
  readonly key: string;
  /** Holder of the certificate; empty for a key. */
  readonly subject: string;
  readonly issuer: string;
  /** Name that was signed; empty when the signature names none. */
  readonly identity: string;
  readonly storage: string;
  /** RFC 3339; empty when no log confirms it. */
  readonly signedAt: string;
  readonly logIndex: string;
}

/** Result of a verification. */
export interface VerifiedPlugin {
  readonly digest: string;
  readonly isAccepted: boolean;
  /** False: nothing was asked for. */
  readonly hasPolicy: boolean;
  readonly reason: string;
  readonly signatures: readonly SignatureSummary[];
  /** Time of the last consent for this very manifest on the daemon's host; empty for none. */
  readonly consentedAt: string;
  /** As the daemon sent it. */
  readonly document: object;
}

/**
 * Verify a plugin in a registry.
 * @param policy undefined for the one of the daemon
 * @throws {CommandError} if the daemon has no such route
 */
export function verifyRemote(
  client: EngineClient,
  plugin: RemotePlugin,
  policy: object | undefined,
): Promise<VerifiedPlugin> {
  return requireOwnRoute('verify signatures', () => callVerify(client, plugin, policy));
}

/** The same with the daemon's policy. @returns undefined from a Docker Engine */
export function askVerified(client: EngineClient, plugin: RemotePlugin): Promise<VerifiedPlugin | undefined> {
  return askOwnRoute(() => callVerify(client, plugin, undefined));
}

async function callVerify(
  client: EngineClient,
  { remote, platform, archive, registryAuth }: RemotePlugin,
  policy: object | undefined,
): Promise<VerifiedPlugin> {
  const answer = await client.call({
    method: 'POST',
    path: '/outboard/v1/verify',
    query: { remote, platform, archive },
    headers: { 'X-Registry-Auth': registryAuth.header },
    json: { Policy: policy ?? null },
  });
  const verification = field(answer, 'Verification');
  return {
    digest: asText(field(answer, 'Digest')),
    isAccepted: field(answer, 'Accepted') === true,
    hasPolicy: verification !== undefined,
    reason: asText(field(answer, 'Reason')),
    signatures: parseSignatures(verification),
    consentedAt: asText(field(field(answer, 'Consent'), 'GrantedAt')),
    document: typeof answer === 'object' && answer !== null ? answer : {},
  };
}

/** The signatures of a document of a verification. */
function parseSignatures(verification: unknown): readonly SignatureSummary[] {
  const signatures = field(verification, 'Signatures');
  if (!Array.isArray(signatures)) return [];
  return signatures.map((signature: unknown) => ({
    kind: asText(field(signature, 'Kind')),
    key: asText(field(signature, 'Key')),
    subject: asText(field(signature, 'Subject')),
    issuer: asText(field(signature, 'Issuer')),
    identity: asText(field(signature, 'Identity')),
    storage: asText(field(signature, 'Storage')),
    signedAt: asText(field(signature, 'SignedAt')),
    logIndex: asText(field(signature, 'LogIndex')),
  }));
}
