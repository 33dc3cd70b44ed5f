/**
 * The reason why one signature does not count.
 */

/** A signature that does not count, with the reason. Its message continues "signature 2 ". */
export class SignatureProblem extends Error {
  override readonly name = 'SignatureProblem';
}

/** Most reasons that one message gives. */
const maxReasons = 5;

/** Join reasons to a sentence. @param problems at least one */
export function describeProblems(problems: readonly string[]): string {
  const shown = problems.slice(0, maxReasons).join('; ');
  return problems.length > maxReasons ? `${shown}; and ${problems.length - maxReasons} more` : shown;
}
