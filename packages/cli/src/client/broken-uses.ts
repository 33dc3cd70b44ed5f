/**
 * The users of a plugin that a forced stop breaks, which an Outboard daemon names in a header.
 */
import type { EngineClient, EngineRequest } from './engine-client.ts';
import { parseTextList } from './text-list-header.ts';

/** Send a request whose answer has no body. @returns the users that it breaks; none from a Docker Engine */
export async function callByForce(client: EngineClient, request: EngineRequest): Promise<readonly string[]> {
  const response = await client.open(request);
  response.resume();
  return parseTextList(response.headers['outboard-breaks']);
}
