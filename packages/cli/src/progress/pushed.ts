/**
 * The result of a push, in the wording of `docker push`.
 */
import type { ProgressLine } from './progress-line.ts';

/** The line for a pushed manifest. */
export function describePushed({ tag, digest, size }: Extract<ProgressLine, { kind: 'pushed' }>): string {
  return `${tag}: digest: ${digest} size: ${size}`;
}
