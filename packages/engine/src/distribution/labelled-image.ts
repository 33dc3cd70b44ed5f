/**
 * An ordinary image of a registry that its label makes a plugin. Its config blob is kept as it is, so that the plugin is
 * pushed again byte for byte; the config of the plugin is computed from it.
 */
import { nextTurn } from '@outboard/async';
import {
  compatiblePlatforms,
  type Descriptor,
  familiarString,
  hostPlatform,
  isOutboardError,
  mediaTypes,
  OutboardError,
  type Platform,
  parsePlatform,
  platformText,
  type Reference,
} from '@outboard/oci';
import { messagesOf, refuseFindings } from '../config/config-finding.ts';
import { isImageConfigMediaType, maxImageConfigBytes } from '../config/image-config.ts';
import { inWordsOf, labelSubject, readConfigBlobInTurns } from '../config/image-plugin.ts';
import { maxConfigBytes } from '../config/parse-plugin-config.ts';
import type { PluginConfig } from '../config/plugin-config.ts';
import { judgePluginConfig } from '../config/validate-plugin-config.ts';

/** Upper bound of the config blob of a plugin, in bytes. @throws {OutboardError} invalid, code `not-a-plugin` */
export function maxConfigBlobBytes({ mediaType }: Descriptor, reference: Reference): number {
  if (mediaType === mediaTypes.dockerPluginConfig) return maxConfigBytes;
  if (isImageConfigMediaType(mediaType)) return maxImageConfigBytes;
  throw notPlugin(
    reference,
    `its config is ${JSON.stringify(mediaType)}, not ${mediaTypes.dockerPluginConfig} or the config of an image`,
  );
}

/** A config that may be installed. */
export interface CheckedConfig {
  readonly config: PluginConfig;
  /** One line each. */
  readonly warnings: readonly string[];
}

/**
 * Read and validate the config blob of a plugin or of an image with the label.
 * @param platform that was asked for; default this host's, and those that it runs as well
 * @throws {OutboardError} invalid; code `not-a-plugin` for an image without the label; code `other-platform`
 */
export async function checkConfigBlob(
  bytes: Buffer,
  { mediaType }: Descriptor,
  { reference, platform }: { readonly reference: Reference; readonly platform?: string | undefined },
): Promise<CheckedConfig> {
  const parsed = await inWordsOfReference(reference, () => readConfigBlobInTurns(bytes, mediaType));
  await nextTurn();
  const findings = judgePluginConfig(parsed.config);
  const refuse = () => refuseFindings(findings, ['refused']);
  if (parsed.image === undefined) refuse();
  else {
    requirePlatform(parsed.image.platform, platform, familiarString(reference));
    inWordsOf(labelSubject, refuse);
  }
  return { config: parsed.config, warnings: messagesOf([...parsed.findings, ...findings]) };
}

/**
 * Refuse an image that cannot run here. An image that does not say what it is for is taken.
 * @param asked platform in the form of `parsePlatform`; default this host's, and those that it runs as well
 * @param subject name of the image, for messages
 * @throws {OutboardError} invalid, code `other-platform`
 */
export function requirePlatform(own: Platform | undefined, asked: string | undefined, subject: string): void {
  const wanted = asked === undefined ? compatiblePlatforms(hostPlatform()) : [parsePlatform(asked)];
  const [first] = wanted;
  if (own === undefined || first === undefined) return;
  if (wanted.some(({ os, architecture }) => own.os === os && own.architecture === architecture)) return;
  const hint = own.os === first.os ? 'want one for it, or --platform' : 'plugins are programs of Linux';
  throw new OutboardError(
    'invalid',
    `image ${subject} is for ${platformText(own)}, and the plugin is to run on ${platformText(first)}: ${hint}`,
    { code: 'other-platform' },
  );
}

async function inWordsOfReference<Result>(
  reference: Reference,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    if (!isOutboardError(cause) || cause.code !== 'not-a-plugin') throw cause;
    const name = familiarString(reference);
    throw notPlugin(
      reference,
      `${cause.message}; make a plugin of it: outboard create --from-image ${name} --config config.json PLUGIN`,
    );
  }
}

function notPlugin(reference: Reference, reason: string): OutboardError {
  const subject = `did not find plugin config for specified reference ${familiarString(reference)}`;
  return new OutboardError('invalid', `${subject}: ${reason}`, { code: 'not-a-plugin' });
}
