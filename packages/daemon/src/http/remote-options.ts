/**
 * Options of requests for a plugin in a registry: credentials from headers, choices from the query.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { RegistryAccess } from '@outboard/oci';
import { readRegistryAccess } from './registry-access.ts';

/** Read the options that the routes of installations share. An empty parameter counts as absent. */
export function readRemoteOptions(
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): { readonly access: RegistryAccess; readonly platform: string | undefined } {
  return { access: readRegistryAccess(headers), platform: query.get('platform') || undefined };
}
