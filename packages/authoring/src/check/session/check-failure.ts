/**
 * The ends of a check other than success.
 */

/** A finding about the plugin: the check failed. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
}

/** The check says nothing about this plugin. */
export class CheckSkipped extends Error {
  override readonly name = 'CheckSkipped';
}

/**
 * End the check with a finding unless a condition holds.
 * @param message what the plugin did, with the value, and what would be right
 * @throws {CheckFailure}
 */
export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new CheckFailure(message);
}

/** End the check without a finding. @param reason why it cannot be made */
export function skip(reason: string): never {
  throw new CheckSkipped(reason);
}
