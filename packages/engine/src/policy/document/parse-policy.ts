/**
 * Parses a signature policy. What is not understood is refused: a condition that is passed over would accept plugins that
 * its writer wanted refused.
 * @see containers-policy.json(5), "POLICY REQUIREMENTS"
 */
import { type JsonObject, parseStrictJson, showValue } from '@outboard/oci';
import { parseIdentityRule } from './parse-identity.ts';
import { parsePgpRequirement, parseSigstoreRequirement } from './parse-signed.ts';
import type { PolicyDocument, PolicyRequirement, PolicyRequirements } from './policy-document.ts';
import { type PolicyFields, policyError, readPolicyObject } from './policy-fields.ts';
import { requireScope } from './policy-scope.ts';

/** Upper bound of a policy file, in bytes. */
export const maxPolicyBytes = 1024 * 1024;

/** Parse a policy. @throws {OutboardError} invalid, code `policy-file`, with the place of the mistake */
export function parsePolicy(bytes: Uint8Array): PolicyDocument {
  return parsePolicyValue(parseStrictJson(bytes, { maxBytes: maxPolicyBytes, subject: 'signature policy' }));
}

/** Read a policy that is parsed as JSON. @throws {OutboardError} as `parsePolicy` */
export function parsePolicyValue(value: unknown): PolicyDocument {
  const fields = readPolicyObject(value, '');
  const fallback = parseRequirements(fields.value('default'), 'default');
  const transports = fields.has('transports') ? parseTransports(fields.value('transports')) : new Map();
  fields.end();
  return { default: fallback, transports };
}

function parseTransports(value: unknown): PolicyDocument['transports'] {
  return mapObject(value, 'transports', (scopes, where, transport) =>
    mapObject(scopes, where, (requirements, place, scope) => {
      requireScope(transport, scope);
      return parseRequirements(requirements, place);
    }),
  );
}

function mapObject<Item>(
  value: unknown,
  where: string,
  parse: (value: unknown, where: string, name: string) => Item,
): ReadonlyMap<string, Item> {
  readPolicyObject(value, where);
  const entries = Object.entries(value as JsonObject); // an object, as just checked
  return new Map(entries.map(([name, item]) => [name, parse(item, `${where}.${name}`, name)]));
}

function parseRequirements(value: unknown, where: string): PolicyRequirements {
  if (!Array.isArray(value) || value.length === 0) {
    throw policyError(where, `want a list with at least one requirement, got ${showValue(value)}`);
  }
  return value.map((item, index) => parseRequirement(readPolicyObject(item, `${where}[${index}]`)));
}

function parseRequirement(fields: PolicyFields): PolicyRequirement {
  const type = fields.text('type');
  const requirement = parseOfType(fields, type);
  fields.end();
  return requirement;
}

function parseOfType(fields: PolicyFields, type: string): PolicyRequirement {
  switch (type) {
    case 'insecureAcceptAnything':
    case 'reject':
      return { type };
    case 'signedBy':
      return parsePgpRequirement(fields, parseIdentityRule(fields));
    case 'sigstoreSigned':
      return parseSigstoreRequirement(fields, parseIdentityRule(fields));
    default:
      throw fields.refuse(
        `unknown type ${showValue(type)}, want insecureAcceptAnything, reject, signedBy or sigstoreSigned`,
      );
  }
}
