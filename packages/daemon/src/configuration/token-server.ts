/**
 * The setting `token-servers`: hosts that may receive the credentials of a registry.
 */
import { OutboardError } from '@outboard/engine';
import type { TrustedRealm } from '@outboard/oci';

/**
 * Parse `REGISTRY=TOKEN-SERVER`, two hosts with their ports; the default port is 443.
 * @throws {OutboardError} invalid
 */
export function parseTokenServer(text: string): TrustedRealm {
  const [registry, realm, ...rest] = text.split('=').map(parseHost);
  if (registry !== undefined && realm !== undefined && rest.length === 0) return { registry, realm };
  throw new OutboardError(
    'invalid',
    `invalid token server ${JSON.stringify(text)}: expected REGISTRY=HOST, such as registry.example.com=gitlab.example.com`,
  );
}

/** Normalize a host as in URLs, with which it is compared. */
function parseHost(text: string): string | undefined {
  const host = text.toLowerCase();
  if (!/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.test(host)) return undefined;
  return URL.canParse(`https://${host}/`) ? new URL(`https://${host}/`).host : undefined;
}
