/**
 * Letter case of field names, by the rule of Go's decoder.
 * @see Go encoding/json, foldName
 */

/**
 * A name in the form in which Go compares the names of fields: two letters outside of ASCII, the long s and the Kelvin
 * sign, are equal to `s` and `k`.
 */
export function foldName(name: string): string {
  return name.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase();
}
