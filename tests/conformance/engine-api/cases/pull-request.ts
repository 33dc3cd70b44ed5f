/**
 * Shared parts of the cases of pulling: requests, granted privileges, and lines of progress.
 */
import type { PublishedPlugin, RawRequest } from '../conformance-case.ts';
import { blobStep } from '../expectations.ts';
import type { Shape } from '../shape.ts';

const json = { 'Content-Type': 'application/json' };

/** Progress of a layer before it is complete. */
export const steps = [
  'Waiting',
  'Pulling fs layer',
  'Downloading',
  'Download complete',
  'Extracting',
  'Already exists',
];

/** Lines of progress of a pull or upgrade that succeeds. */
export function pullLines(manifest: string, layer: string, tag: string) {
  return {
    first: [{ status: 'Pulling from {repo}', id: tag }, { status: `Digest: ${manifest}` }] satisfies Shape[],
    includes: [blobStep(layer, 'Complete')],
    others: [blobStep(layer, ...steps)],
  };
}

/** Lines of progress for `{remote}`. */
export const pulled = pullLines('{manifest}', '{layer}', 'v1');

/** A pull of `{remote}` with a body, or with other query parameters. */
export function pull(
  body: string | undefined,
  query = 'remote={remote}',
  headers: RawRequest['headers'] = json,
): RawRequest {
  return { line: `POST /plugins/pull?${query}`, headers, ...(body === undefined ? {} : { body }) };
}

/** A plugin that asks for a network and two mounts. */
export const asking: PublishedPlugin = {
  config: {
    Network: { Type: 'host' },
    Mounts: [
      { Source: '/var/tmp', Destination: '/1', Type: 'bind', Options: ['bind'] },
      { Source: '/srv', Destination: '/2', Type: 'bind', Options: ['bind'] },
    ],
  },
};
/** One privilege as a client grants it. */
export const grant = (name: string, ...value: readonly string[]) => ({
  Name: name,
  Description: '',
  Value: value,
});
/** The privileges that the plugin requires. */
export const grants = [grant('network', 'host'), grant('mount', '/var/tmp'), grant('mount', '/srv')] as const;
