/**
 * Restart policies: whether a plugin that failed is started again.
 * @see docker-run(1), `--restart`, whose names and meaning they have
 */

import type { ContainerExit } from '@outboard/container';
import type { RestartPolicy } from '../config/plugin-options.ts';

/**
 * @param failed with its exit, if the plugin ran
 * @param failures in a row, including this one
 * @returns undefined when the plugin is restarted, else the reason, as the end of a sentence
 */
export function refuseRestart(
  policy: RestartPolicy,
  failed: { readonly exit?: ContainerExit | undefined },
  failures: number,
): string | undefined {
  const { name, maximumRetries = 0 } = policy;
  if (name === 'no') return 'its restart policy is "no"';
  if (name === 'on-failure' && failed.exit?.code === 0) return 'its restart policy is "on-failure"';
  if (maximumRetries > 0 && failures > maximumRetries) {
    return `it was started again ${maximumRetries} ${maximumRetries === 1 ? 'time' : 'times'} in a row, as its restart policy allows`;
  }
  return undefined;
}
