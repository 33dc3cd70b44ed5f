/**
 * Plugin clients that several callers share.
 */
import type { PluginClient } from '@outboard/protocol';

/** The same client without disposal, because its connections serve every caller. */
export function shareClient(client: PluginClient): PluginClient {
  return {
    call: client.call.bind(client),
    stream: client.stream.bind(client),
    forward: client.forward.bind(client),
    [Symbol.asyncDispose]: async () => {},
  };
}
