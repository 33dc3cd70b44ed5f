/**
 * Options of requests for a plugin in a registry or a staged archive: credentials from headers, choices from the query.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { PullRequest } from '@outboard/engine';
import { readRegistryAccess } from './registry-access.ts';

/** Read the options that the routes of installations share. An empty parameter counts as absent. */
export function readRemoteOptions(
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): Pick<PullRequest, 'access' | 'platform' | 'archive'> {
  return {
    access: readRegistryAccess(headers),
    platform: query.get('platform') || undefined,
    archive: query.get('archive') || undefined,
  };
}
