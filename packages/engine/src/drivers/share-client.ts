/**
 * Clients that several callers have at once.
 */
import type { PluginClient } from '@outboard/protocol';

/** The same client, but disposing of it closes nothing: its connections serve every caller. */
export function shareClient(client: PluginClient): PluginClient {
  return { ...client, [Symbol.asyncDispose]: async () => {} };
}
