/**
 * Lists of texts that an Outboard daemon sends in headers, where Docker's API has no body.
 */
import { asText } from '../json-field.ts';

/** @param header as received. @returns the texts; none from a Docker Engine */
export function parseTextList(header: string | readonly string[] | undefined): readonly string[] {
  if (typeof header !== 'string') return [];
  try {
    const texts: unknown = JSON.parse(header);
    return Array.isArray(texts) ? texts.map(asText) : [];
  } catch {
    // The request has succeeded; a header of another form is no reason to fail.
    return [];
  }
}
