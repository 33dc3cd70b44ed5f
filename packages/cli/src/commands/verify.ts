/**
 * `outboard verify`: check the signatures of a plugin in a registry, and install nothing.
 */
import { readFile } from 'node:fs/promises';
import { type VerifiedPlugin, verifyRemote } from '../client/verify-api.ts';
import { CommandError } from '../command-error.ts';
import { explainRefusal } from '../credentials/explain-refusal.ts';
import { formatSignatures } from '../output/signature-lines.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';
import type { PlatformFlag } from './platform-flag.ts';
import { toRemotePlugin } from './remote-plugin.ts';

/** Flags of `outboard verify`. */
export interface VerifyFlags extends AuthFileFlag, PlatformFlag {
  readonly key?: readonly string[] | undefined;
  readonly rekorKey?: string | undefined;
  readonly certificateIdentity?: string | undefined;
  readonly certificateOidcIssuer?: string | undefined;
  /** Certificates in PEM, or a `trusted_root.json`. */
  readonly root?: string | undefined;
  readonly anyName?: boolean | undefined;
  readonly policy?: string | undefined;
  readonly format: string;
}

const maxPolicyDepth = 8;

/** Verify a plugin. @throws {CommandError} when it is refused */
export async function verify(context: CommandContext, remote: string, flags: VerifyFlags): Promise<void> {
  const { client, host } = context;
  if (flags.format !== 'table' && flags.format !== 'json') {
    throw new CommandError(`--format ${escapeText(flags.format)}: want table or json`);
  }
  const policy = await readPolicyFlags(flags);
  const plugin = await toRemotePlugin(remote, context, flags);
  const verified = await explainRefusal(plugin.registryAuth.note, () => verifyRemote(client, plugin, policy));
  if (flags.format === 'json') host.stdout.write(`${encodePrintableJson(verified.document, 4)}\n`);
  requireAccepted(remote, verified);
  if (flags.format === 'json') return;
  host.stdout.write(
    `Plugin "${escapeText(remote)}" is accepted: ${escapeText(verified.digest)}\n${formatSignatures(verified.signatures)}`,
  );
}

function requireAccepted(remote: string, { isAccepted, hasPolicy, reason }: VerifiedPlugin): void {
  if (!isAccepted) throw new CommandError(escapeText(reason));
  if (hasPolicy) return;
  throw new CommandError(
    `nothing of "${escapeText(remote)}" was verified: the daemon has no signature policy; name a key with --key, or a policy with --policy`,
  );
}

/** @returns undefined for the policy of the daemon */
async function readPolicyFlags(flags: VerifyFlags): Promise<object | undefined> {
  const { policy, key = [], certificateIdentity } = flags;
  const given = [policy !== undefined, key.length > 0, certificateIdentity !== undefined];
  if (given.filter(Boolean).length > 1) {
    throw new CommandError('--policy, --key and --certificate-identity exclude each other');
  }
  if (policy !== undefined) return await inlineKeys(parsePolicy(policy, await readText(policy)), 0);
  const signedIdentity = { type: flags.anyName === true ? 'matchDigest' : 'matchRepository' };
  const rekorPublicKeyData = flags.rekorKey && (await readBase64(flags.rekorKey));
  const common = {
    type: 'sigstoreSigned',
    signedIdentity,
    ...(rekorPublicKeyData && { rekorPublicKeyData }),
  };
  if (key.length > 0) return { default: [await readKeys(key, common)] };
  if (certificateIdentity === undefined) return undefined;
  return { default: [{ ...common, fulcio: await readFulcio(certificateIdentity, flags) }] };
}

/** Keys of OpenPGP make a requirement of their own. */
async function readKeys(paths: readonly string[], common: object): Promise<object> {
  const keys = await Promise.all(paths.map(async (path) => ({ path, text: await readText(path) })));
  const ofPgp = keys.filter(({ text }) => isPgpKey(text));
  const keyDatas = keys.map(({ text }) => Buffer.from(text, 'latin1').toString('base64'));
  if (ofPgp.length === 0) return { ...common, keyDatas };
  const other = keys.find(({ text }) => !isPgpKey(text));
  if (other !== undefined) {
    throw new CommandError(
      `${escapeText(other.path)} is no key of OpenPGP as the others are: verify with each kind by itself`,
    );
  }
  if ('rekorPublicKeyData' in common) {
    throw new CommandError('--rekor-key is not for keys of OpenPGP: their signatures are in no log');
  }
  return { ...common, type: 'signedBy', keyType: 'GPGKeys', keyDatas };
}

/** Exported with or without `--armor`: binary keys begin with a bit that no text has. */
function isPgpKey(text: string): boolean {
  return text.charCodeAt(0) >= 0x80 || text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----');
}

async function readFulcio(identity: string, { certificateOidcIssuer, root }: VerifyFlags): Promise<object> {
  if (certificateOidcIssuer === undefined || root === undefined) {
    throw new CommandError('--certificate-identity needs --certificate-oidc-issuer and --root');
  }
  const isTrustedRoot = (await readText(root)).trimStart().startsWith('{');
  return {
    [isTrustedRoot ? 'trustedRootData' : 'caData']: await readBase64(root),
    oidcIssuer: certificateOidcIssuer,
    [identity.includes('://') ? 'subjectURI' : 'subjectEmail']: identity,
  };
}

/** Put the keys into the policy: the daemon may be on another host, and reads no files for a client. */
async function inlineKeys(value: object, depth: number): Promise<object> {
  if (depth > maxPolicyDepth) throw new CommandError('the policy has too many levels');
  if (Array.isArray(value)) return await Promise.all(value.map((item) => inlineItem(item, depth)));
  const entries = Object.entries(value).map(async ([name, item]) => {
    if (name.endsWith('Path') && typeof item === 'string') {
      return [name.replace(/Path$/, 'Data'), await readBase64(item)];
    }
    if (name.endsWith('Paths') && Array.isArray(item)) {
      return [
        name.replace(/Paths$/, 'Datas'),
        await Promise.all(item.map((path) => readBase64(String(path)))),
      ];
    }
    return [name, await inlineItem(item, depth)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function inlineItem(item: unknown, depth: number): Promise<unknown> {
  return typeof item === 'object' && item !== null ? await inlineKeys(item, depth + 1) : item;
}

function parsePolicy(path: string, text: string): object {
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy === 'object' && policy !== null) return policy;
  } catch {
    // The error of a parser quotes the file; the place is enough.
  }
  throw new CommandError(`${escapeText(path)} is no JSON object`);
}

async function readBase64(path: string): Promise<string> {
  return Buffer.from(await readText(path), 'latin1').toString('base64');
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (cause) {
    throw new CommandError(
      `cannot read ${escapeText(path)}: ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    );
  }
}
