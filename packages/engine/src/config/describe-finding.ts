/**
 * The text form of a finding about one field.
 */
import { OutboardError, showValue } from '@outboard/oci';

/**
 * One line with a field, its value and what would be right.
 * @param field path in the document, such as `Mounts[0].Source`
 */
export function describeFinding(field: string, got: unknown, want: string): string {
  return `config: ${JSON.stringify(field)}: invalid value ${showValue(got)}: want ${want}`;
}

/** The same as an error. */
export function fieldRefusal(field: string, got: unknown, want: string): OutboardError {
  return new OutboardError('invalid', describeFinding(field, got, want));
}
