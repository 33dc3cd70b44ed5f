/**
 * `outboard push`
 * @see docker/cli cli/command/plugin/push.go (28.x)
 */
import { requireOutboard } from '../client/own-route.ts';
import { type PushChoices, pushPlugin } from '../client/plugin-api.ts';
import { CommandError } from '../command-error.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import { registryAuthFor } from '../credentials/registry-auth.ts';
import { showProgress } from '../progress/show-progress.ts';
import { parseLocalName, parseRemoteReference } from '../references/remote-reference.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard push`. */
export interface PushOptions extends AuthFileFlag, PushChoices {}

/** Push a plugin to the registry in its name, or with `--platform` an index of several to the named reference. */
export async function push(
  { client, host, signal }: CommandContext,
  name: string,
  options: PushOptions,
): Promise<void> {
  const localName = parseLocalName(name);
  const { authfile: authFile, format, platform, append } = options;
  if (append === true && platform === undefined) {
    throw new CommandError('push: --append needs --platform', { exitCode: 125 });
  }
  if (format !== undefined) await requireOutboard(client, 'choose the format of a manifest');
  if (platform !== undefined) await requireOutboard(client, 'push a plugin for several platforms');
  const registryAuth = await registryAuthFor(parseRemoteReference(name), { host, signal, authFile });
  await explainRefusal(registryAuth.note, async () => {
    await showProgress(await pushPlugin(client, localName, registryAuth, options), host, signal);
  });
}
