/**
 * Scopes of a policy: the most specific one that matches decides.
 * @see containers-policy.json(5), "docker:"
 */
import { canonicalName, type Reference, showValue } from '@outboard/oci';
import type { PolicyDocument, PolicyRequirements } from './policy-document.ts';
import { policyError } from './policy-fields.ts';

/** Where a plugin comes from: a registry, a layout directory, or an archive, which clients upload without its path. */
export type PolicyTransport = 'docker' | 'oci' | 'oci-archive' | 'docker-archive';

/** The conditions that apply, and the scope that has them. */
export interface PolicyChoice {
  /** Such as `docker registry.example/acme`, `oci-archive` or `default`. */
  readonly scope: string;
  readonly requirements: PolicyRequirements;
}

/**
 * Choose the conditions for a plugin. An archive without conditions of its own is judged as its registry's content if that
 * must be signed: the signature proves the name that the archive claims. Otherwise the name proves nothing, and the default applies.
 */
export function chooseRequirements(
  policy: PolicyDocument,
  reference: Reference,
  transport: PolicyTransport = 'docker',
): PolicyChoice {
  const registry = findScope(policy, reference);
  if (transport === 'docker') return registry ?? { scope: 'default', requirements: policy.default };
  const own = policy.transports.get(transport)?.get('');
  if (own !== undefined) return { scope: transport, requirements: own };
  if (registry?.requirements.some(({ type }) => type !== 'insecureAcceptAnything')) return registry;
  return { scope: 'default', requirements: policy.default };
}

function findScope({ transports }: PolicyDocument, reference: Reference): PolicyChoice | undefined {
  const scopes = transports.get('docker');
  if (scopes === undefined) return undefined;
  for (const scope of [...scopesOf(reference), '']) {
    const requirements = scopes.get(scope);
    if (requirements !== undefined) {
      return { scope: scope === '' ? 'docker' : `docker ${scope}`, requirements };
    }
  }
  return undefined;
}

/** The scopes that match a reference, the most specific one first. */
export function scopesOf(reference: Reference): readonly string[] {
  const name = canonicalName(reference);
  const { digest, tag = 'latest', domain } = reference;
  const parts = name.split('/');
  const parents = parts.map((_part, index) => parts.slice(0, parts.length - index).join('/'));
  // A wildcard names no port, and matches all.
  const [host = ''] = domain.split(':');
  const labels = host.split('.');
  const wildcards = labels.slice(1).map((_label, index) => `*.${labels.slice(index + 1).join('.')}`);
  return [digest === undefined ? `${name}:${tag}` : `${name}@${digest}`, ...parents, ...wildcards];
}

/** A registry, a beginning of a repository, a repository, or a reference; or `*.` and the end of a registry's name. */
const dockerScope = /^(?:\*\.[a-zA-Z0-9.-]+|[^/*\s]+(?:\/[^/*\s]+)*)$/;

/** Refuse scopes that match nothing. @throws {OutboardError} invalid */
export function requireScope(transport: string, scope: string): void {
  if (transport !== 'docker' || scope === '') return;
  const [first = ''] = scope.split('/');
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  if (dockerScope.test(scope) && isRegistry) return;
  throw policyError(
    `transports.${transport}`,
    `no plugin is in the scope ${showValue(scope)}: want a registry with the beginning of a repository, such as "docker.io/acme", or "*.example.com"`,
  );
}
