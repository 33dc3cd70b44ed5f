/**
 * The result of a push, in the words of `docker push`.
 */
import type { ProgressLine } from './progress-line.ts';

export function describePushed({ tag, digest, size }: Extract<ProgressLine, { kind: 'pushed' }>): string {
  return `${tag}: digest: ${digest} size: ${size}`;
}
