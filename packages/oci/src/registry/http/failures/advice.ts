/**
 * Remedies to offer a user after a registry refused a request: the one place for these words. Access has its own, in
 * `authentication/access-hint.ts`; connections have theirs, in `connections/connection-fault.ts`.
 */

/** A refused request. */
export interface RefusedRequest {
  readonly method: string;
  readonly status: number;
  /** The registry's own words, as `describeErrorBody` returns them. */
  readonly reason: string;
}

interface Rule {
  readonly statuses?: readonly number[];
  /** For requests that change the registry only. */
  readonly onPush?: boolean;
  /** Words of registries that stand for the fault, whatever the status is. */
  readonly reason?: RegExp;
  readonly advice: string;
}

/**
 * In the order to try them. Registries use codes and statuses freely: Harbor reports a quota with 412, ECR a missing
 * repository with 404 and an expired password with 403, Artifactory a full store with 507, Quay a media type with 415.
 */
const rules: readonly Rule[] = [
  {
    statuses: [429],
    reason: /\btoo ?many ?requests\b|\brate limit/i,
    advice: 'the registry limits requests: try again later, or log in, which often raises the limit',
  },
  {
    statuses: [507],
    onPush: true,
    reason: /\bquota\b|\bstorage\b.*\b(?:limit|full|exceed)|\bexceed\w*\b.*\bstorage\b|no space left/i,
    advice: "the registry's storage or your quota there is full: remove content, or ask for more",
  },
  {
    reason: /\b(?:token|credentials?|password|session)\b.*\bexpired\b/i,
    advice: 'the credentials have expired: log in again',
  },
  {
    statuses: [413],
    onPush: true,
    reason: /^SIZE_INVALID\b.*(?:large|limit|exceed)/i,
    advice: 'the registry, or a proxy before it, limits the size of an upload',
  },
  {
    statuses: [404],
    onPush: true,
    reason: /^NAME_UNKNOWN\b/,
    advice: 'the repository may have to be created there first: not every registry creates one on push',
  },
  {
    statuses: [415],
    onPush: true,
    reason: /\bmedia ?type\b|\bunsupported (?:manifest|config)|\bartifact type\b/i,
    advice:
      'the registry does not store this kind of manifest or config; not every registry takes plugins, see "Registries" in the documentation',
  },
  {
    statuses: [405, 501],
    onPush: true,
    reason: /^UNSUPPORTED\b|\bread-?only\b|\bimmutable\b/i,
    advice:
      'the repository takes no pushes of this kind: it may be read-only, a cache, or keep its tags unchanged',
  },
  {
    statuses: [407],
    advice: 'the proxy before the registry asks for credentials: add them to the URL of the proxy',
  },
  { statuses: [502, 503, 504], advice: 'the registry is not available now: try again later' },
];

const pushes: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Choose the remedy for a refusal. @returns empty if there is nothing to say */
export function adviceFor({ method, status, reason }: RefusedRequest): string {
  const fits = (rule: Rule) =>
    (!rule.onPush || pushes.has(method)) &&
    (rule.statuses?.includes(status) === true || (status >= 400 && rule.reason?.test(reason) === true));
  return rules.find(fits)?.advice ?? '';
}
