/**
 * The explanation of a privilege: a sentence and its risk.
 */

/**
 * `root`: gives full control over the host; `high`: gives access to the host or to other programs; `low`: usual for
 * plugins of its kind.
 */
export type Risk = 'low' | 'high' | 'root';

/** Explanation of a privilege, or of one of its values. */
export interface Explanation {
  /** Without a final period. Text of the plugin's author in it is not escaped yet. */
  readonly text: string;
  readonly risk: Risk;
}

const marks: Readonly<Record<Risk, string>> = {
  low: '',
  high: ' [high risk]',
  root: ' [root on the host]',
};

/** The sentence, followed by a mark unless the risk is low. */
export function formatExplanation({ text, risk }: Explanation): string {
  return text + marks[risk];
}
