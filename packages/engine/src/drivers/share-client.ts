/**
 * Clients that several callers have at once.
 */
import type { PluginClient } from '@outboard/protocol';

/** The same client, but disposing of it closes nothing: its connections serve every caller. */
export function shareClient(client: PluginClient): PluginClient {
  return {
    call: client.call.bind(client),
    stream: client.stream.bind(client),
    [Symbol.asyncDispose]: async () => {},
  };
}
