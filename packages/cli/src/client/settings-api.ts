/**
 * Settings of plugins: by Docker's route, or by Outboard's own where Docker's cannot do it.
 */
import type { EngineClient } from './engine-client.ts';
import { ownPluginPath, requireOwnRoute } from './own-route.ts';
import { setPlugin } from './plugin-api.ts';

/** Names of settings that are shown as `***`, and of those that are not. */
export interface SecretDeclarations {
  readonly secret?: readonly string[] | undefined;
  readonly notSecret?: readonly string[] | undefined;
}

/** `NAME=@file:…` or `NAME=@@…`. */
const sourceOrEscape = /^[^=]*=@(?:@|[A-Za-z]+:)/;

/**
 * Change settings. Values may be sources, which Docker's route would take for literal values.
 * @param settings `NAME[.FIELD]=VALUE`; all apply or none
 * @throws {CommandError} if sources or declarations are given and the daemon has no such route, as Docker Engine
 */
export async function changeSettings(
  client: EngineClient,
  name: string,
  settings: readonly string[],
  { secret, notSecret }: SecretDeclarations = {},
): Promise<void> {
  const isPlain = secret === undefined && notSecret === undefined;
  if (isPlain && !settings.some((setting) => sourceOrEscape.test(setting))) {
    await setPlugin(client, name, settings);
    return;
  }
  await requireOwnRoute('read values of settings from a source, or declare settings secret', () =>
    client.call({
      method: 'POST',
      path: ownPluginPath(name, '/settings'),
      json: { Settings: settings, Secret: secret, NotSecret: notSecret },
    }),
  );
}
