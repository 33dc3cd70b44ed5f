/**
 * `outboard push`
 * @see docker/cli cli/command/plugin/push.go (28.x)
 */
import { pushPlugin } from '../client/plugin-api.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import { registryAuthFor } from '../credentials/registry-auth.ts';
import { showProgress } from '../progress/show-progress.ts';
import { parseLocalName, parseRemoteReference } from '../references/remote-reference.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';

/** Push a plugin to the registry in its name. */
export async function push(
  { client, host, signal }: CommandContext,
  name: string,
  { authfile: authFile }: AuthFileFlag,
): Promise<void> {
  const localName = parseLocalName(name);
  const registryAuth = await registryAuthFor(parseRemoteReference(name), { host, signal, authFile });
  await explainRefusal(registryAuth.note, async () => {
    await showProgress(await pushPlugin(client, localName, registryAuth), host, signal);
  });
}
