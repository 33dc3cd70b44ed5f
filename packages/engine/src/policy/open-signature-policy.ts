/**
 * The policy in force, from its file. Another file, or another content, is put in force as a whole or not at all.
 */
import { open } from 'node:fs/promises';
import { OutboardError, storageError, systemErrorCode } from '@outboard/oci';
import type { Logger } from 'pino';
import { checkPolicy, type VerifyRequirement } from './check-policy.ts';
import { maxPolicyBytes, parsePolicy } from './parse-policy.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { SignaturePolicy } from './signature-policy.ts';

/** Where a policy is. */
export interface PolicyFile {
  readonly path: string;
  /** True: without the file everything is accepted. Default false: it must exist. */
  readonly mayBeMissing?: boolean | undefined;
}

/** A policy whose file can be read again. */
export interface ReloadableSignaturePolicy extends SignaturePolicy {
  /** The policy in force; undefined when there is none, and everything is accepted. */
  current(): PolicyDocument | undefined;
  /**
   * Read a policy, and change nothing yet.
   * @returns puts it in force
   * @throws {OutboardError} invalid, code `policy-file`, for a malformed policy or key; system when a file cannot be read
   */
  prepare(file: PolicyFile | undefined): Promise<() => void>;
}

/** Open the policy of an engine. @param file undefined: everything is accepted. @throws {OutboardError} as `prepare` */
export async function openSignaturePolicy(
  file: PolicyFile | undefined,
  verify: VerifyRequirement,
  logger: Logger,
): Promise<ReloadableSignaturePolicy> {
  let policy = await loadPolicy(file);
  if (policy !== undefined) logger.info({ path: file?.path }, 'signature policy in force');
  return {
    current: () => policy,
    check: async (request) => policy && (await checkPolicy(policy, request, verify)),
    async prepare(next) {
      const prepared = await loadPolicy(next);
      return () => {
        const isLost = policy !== undefined && prepared === undefined;
        if (isLost)
          logger.warn({ path: next?.path }, 'no signature policy any more: every plugin is accepted');
        policy = prepared;
      };
    },
  };
}

async function loadPolicy(file: PolicyFile | undefined): Promise<PolicyDocument | undefined> {
  if (file === undefined) return undefined;
  const bytes = await readPolicyFile(file);
  if (bytes === undefined) return undefined;
  try {
    return parsePolicy(bytes);
  } catch (cause) {
    if (!(cause instanceof OutboardError)) throw cause;
    throw new OutboardError('invalid', `${file.path}: ${cause.message}`, { cause, code: 'policy-file' });
  }
}

async function readPolicyFile({ path, mayBeMissing }: PolicyFile): Promise<Buffer | undefined> {
  try {
    return await readBounded(path);
  } catch (cause) {
    if (mayBeMissing === true && systemErrorCode(cause) === 'ENOENT') return undefined;
    throw storageError('read signature policy', path, cause);
  }
}

/** Read one byte more than a policy may have, so that a file without end is refused too. */
async function readBounded(path: string): Promise<Buffer> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxPolicyBytes + 1));
  return buffer.subarray(0, bytesRead);
}
