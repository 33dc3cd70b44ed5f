/**
 * Parses the requirements that ask for signatures, and the keys that they name.
 * @see containers-policy.json(5), "signedBy" and "sigstoreSigned"
 */
import { showValue } from '@outboard/oci';
import type {
  CertificateSubject,
  IdentityRule,
  KeySource,
  PgpRequirement,
  SigstoreRequirement,
  SigstoreTrust,
} from './policy-document.ts';
import type { PolicyFields } from './policy-fields.ts';

const rekorFields = [
  'rekorPublicKeyPath',
  'rekorPublicKeyPaths',
  'rekorPublicKeyData',
  'rekorPublicKeyDatas',
] as const;

/** Parse `signedBy`. `keyDatas` is Outboard's own, for keys that a client sends. @throws {OutboardError} invalid */
export function parsePgpRequirement(fields: PolicyFields, identity: IdentityRule): PgpRequirement {
  const keyType = fields.text('keyType');
  if (keyType !== 'GPGKeys') {
    throw fields.refuse(`"keyType" ${showValue(keyType)} is not supported, want "GPGKeys"`);
  }
  const name = fields.oneOf(['keyPath', 'keyPaths', 'keyData', 'keyDatas']);
  return { type: 'signedBy', keys: keySources(fields, name), identity };
}

/** Parse `sigstoreSigned`. @throws {OutboardError} invalid */
export function parseSigstoreRequirement(fields: PolicyFields, identity: IdentityRule): SigstoreRequirement {
  const trust = parseTrust(fields);
  const given = rekorFields.filter((name) => fields.has(name));
  const rekorKeys = given.length === 0 ? [] : keySources(fields, fields.oneOf(rekorFields));
  if (trust.kind === 'fulcio' && trust.isTrustedRoot && rekorKeys.length > 0) {
    throw fields.refuse(
      'a trusted root names the keys of the transparency log: omit those of "rekorPublicKey…"',
    );
  }
  if (trust.kind === 'fulcio' && !trust.isTrustedRoot && rekorKeys.length === 0) {
    throw fields.refuse(
      '"fulcio" needs a key of the transparency log in "rekorPublicKeyPath", "…Paths", "…Data" or "…Datas": its certificates are valid for minutes',
    );
  }
  if (trust.kind === 'pki' && rekorKeys.length > 0) {
    throw fields.refuse('"pki" and a key of the transparency log cannot be combined');
  }
  return { type: 'sigstoreSigned', trust, rekorKeys, identity };
}

function parseTrust(fields: PolicyFields): SigstoreTrust {
  const name = fields.oneOf(['keyPath', 'keyPaths', 'keyData', 'keyDatas', 'fulcio', 'pki']);
  switch (name) {
    case 'fulcio':
      return parseFulcio(fields.object(name));
    case 'pki':
      return parsePki(fields.object(name));
    default:
      return { kind: 'keys', keys: keySources(fields, name) };
  }
}

/** `trustedRootPath`, `trustedRootData` and `subjectURI` are Outboard's own; Podman refuses them. */
function parseFulcio(fields: PolicyFields): SigstoreTrust {
  const name = fields.oneOf(['caPath', 'caData', 'trustedRootPath', 'trustedRootData']);
  const root = keySource(fields, name);
  const oidcIssuer = fields.text('oidcIssuer');
  const subjectName = fields.oneOf(['subjectEmail', 'subjectURI']);
  const text = fields.text(subjectName);
  fields.end();
  const subject = subjectName === 'subjectEmail' ? { email: text } : { uri: text };
  return { kind: 'fulcio', root, isTrustedRoot: name.startsWith('trustedRoot'), oidcIssuer, subject };
}

function parsePki(fields: PolicyFields): SigstoreTrust {
  const roots = keySource(fields, fields.oneOf(['caRootsPath', 'caRootsData']));
  const hasIntermediates = fields.has('caIntermediatesPath') || fields.has('caIntermediatesData');
  const intermediates = hasIntermediates
    ? keySource(fields, fields.oneOf(['caIntermediatesPath', 'caIntermediatesData']))
    : undefined;
  const subject: CertificateSubject = {
    email: fields.has('subjectEmail') ? fields.text('subjectEmail') : undefined,
    hostname: fields.has('subjectHostname') ? fields.text('subjectHostname') : undefined,
  };
  if (subject.email === undefined && subject.hostname === undefined) {
    throw fields.refuse('want "subjectEmail", "subjectHostname" or both');
  }
  fields.end();
  return { kind: 'pki', roots, intermediates, subject };
}

/** Several keys: the name of the field says which form it has. */
function keySources(fields: PolicyFields, name: string): readonly KeySource[] {
  if (name.endsWith('Paths')) return fields.paths(name).map((path) => ({ kind: 'file', path }));
  if (name.endsWith('Datas')) return fields.byteLists(name).map((bytes) => ({ kind: 'content', bytes }));
  return [keySource(fields, name)];
}

function keySource(fields: PolicyFields, name: string): KeySource {
  if (name.endsWith('Path')) return { kind: 'file', path: fields.path(name) };
  return { kind: 'content', bytes: fields.bytes(name) };
}
