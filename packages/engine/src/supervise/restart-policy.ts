/**
 * Whether a plugin that failed is started again.
 * @see docker run --restart, of which these are the words and their meaning
 */

import type { ContainerExit } from '@outboard/container';
import type { RestartPolicy } from '../config/plugin-options.ts';

/**
 * @param failed how it ended, if it ran; one that could not be started has failed
 * @param failures in a row, this one counted
 * @returns undefined when it is to be started again, else why not, as the end of a sentence
 */
export function refuseRestart(
  policy: RestartPolicy,
  failed: { readonly exit?: ContainerExit },
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
