/**
 * The users of a plugin that a forced stop breaks, which an Outboard daemon names in a header.
 */
import { asText } from '../json-field.ts';
import type { EngineClient, EngineRequest } from './engine-client.ts';

/** Send a request whose answer has no body. @returns the users that it breaks; none from a Docker Engine */
export async function callByForce(client: EngineClient, request: EngineRequest): Promise<readonly string[]> {
  const response = await client.open(request);
  response.resume();
  return parseBroken(response.headers['outboard-breaks']);
}

function parseBroken(header: string | readonly string[] | undefined): readonly string[] {
  if (typeof header !== 'string') return [];
  try {
    const texts: unknown = JSON.parse(header);
    return Array.isArray(texts) ? texts.map(asText) : [];
  } catch {
    // The request has succeeded; a header of another form is no reason to fail.
    return [];
  }
}
