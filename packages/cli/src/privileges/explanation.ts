/**
 * One sentence about what a privilege allows, and how much is at stake.
 */

/**
 * `root`: whoever has it can do anything on the host; `high`: it reaches what belongs to the host or to others;
 * `low`: what plugins of its kind usually have.
 */
export type Risk = 'low' | 'high' | 'root';

/** What a privilege, or one value of it, means. */
export interface Explanation {
  /** A sentence without its end. What the plugin's author wrote is not escaped in it yet. */
  readonly text: string;
  readonly risk: Risk;
}

const marks: Readonly<Record<Risk, string>> = {
  low: '',
  high: ' [high risk]',
  root: ' [root on the host]',
};

/** The sentence with a mark behind it, unless the risk is low. */
export function formatExplanation({ text, risk }: Explanation): string {
  return text + marks[risk];
}
