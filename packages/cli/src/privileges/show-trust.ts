/**
 * Shows who signed a plugin, and whether its privileges were granted before, ahead of the question for consent.
 */
import type { EngineClient } from '../client/engine-client.ts';
import type { RemotePlugin } from '../client/plugin-api.ts';
import { askVerified } from '../client/verify-api.ts';
import type { CommandHost } from '../command-host.ts';
import { formatSignatures } from '../output/signature-lines.ts';
import { escapeText } from '../terminal/escape-text.ts';

/** Print what the daemon knows; nothing from a Docker Engine. The question is asked all the same. */
export async function showTrust(
  client: EngineClient,
  plugin: RemotePlugin,
  host: CommandHost,
): Promise<void> {
  const verified = await askVerified(client, plugin);
  if (verified === undefined) return;
  const { signatures, consentedAt, digest } = verified;
  if (signatures.length > 0) host.stdout.write(`Signatures:\n${formatSignatures(signatures)}`);
  if (consentedAt === '') return;
  host.stdout.write(
    `The privileges of ${escapeText(digest)} were granted on this host before, on ${escapeText(consentedAt)}.\n`,
  );
}
