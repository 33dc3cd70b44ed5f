/**
 * The policy in force, from its file. Another file, or another content, is put in force as a whole or not at all.
 */
import { isOutboardError, OutboardError, systemErrorCode } from '@outboard/oci';
import type { Logger } from 'pino';
import { checkPolicy, type VerifyRequirement } from './check-policy.ts';
import { maxPolicyBytes, parsePolicy } from './document/parse-policy.ts';
import type { PolicyDocument } from './document/policy-document.ts';
import { readBoundedFile } from './document/read-bounded-file.ts';
import { openGivenPolicy } from './given-policy.ts';
import { loadVerifier, type VerifierDeps } from './load-verifier.ts';
import type { SignaturePolicy } from './signature-policy.ts';

/** Where a policy is, and what belongs to it. */
export interface PolicyFile {
  /** '' for no policy: everything is accepted. */
  readonly path: string;
  /** True: without the file everything is accepted. Default false: it must exist. */
  readonly mayBeMissing?: boolean | undefined;
  /** Directory of files that say where signatures of OpenPGP are; '' for none; default `/etc/containers/registries.d`. */
  readonly lookasideDirectory?: string | undefined;
}

/** Parts of a policy beside its file. */
export interface SignaturePolicyDeps extends Omit<VerifierDeps, 'lookasideDirectory'> {
  readonly logger: Logger;
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

/** A policy with its keys. */
interface LoadedPolicy {
  readonly document: PolicyDocument;
  readonly verify: VerifyRequirement;
}

/** Open the policy of an engine. @param file undefined: everything is accepted. @throws {OutboardError} as `prepare` */
export async function openSignaturePolicy(
  file: PolicyFile | undefined,
  { logger, ...deps }: SignaturePolicyDeps,
): Promise<ReloadableSignaturePolicy> {
  let lookasideDirectory = file?.lookasideDirectory;
  let loaded = await loadPolicy(file, deps);
  if (loaded !== undefined) logger.info({ path: file?.path }, 'signature policy in force');
  return {
    current: () => loaded?.document,
    check: async (request) => loaded && (await checkPolicy(loaded.document, request, loaded.verify)),
    openGiven: (value) => openGivenPolicy(value, { ...deps, lookasideDirectory }),
    async prepare(next) {
      const prepared = await loadPolicy(next, deps);
      return () => {
        lookasideDirectory = next?.lookasideDirectory;
        const isLost = loaded !== undefined && prepared === undefined;
        if (isLost)
          logger.warn({ path: next?.path }, 'no signature policy any more: every plugin is accepted');
        loaded = prepared;
      };
    },
  };
}

async function loadPolicy(
  file: PolicyFile | undefined,
  deps: VerifierDeps,
): Promise<LoadedPolicy | undefined> {
  if (file === undefined || file.path === '') return undefined;
  const { lookasideDirectory } = file;
  const bytes = await readPolicyFile(file);
  if (bytes === undefined) return undefined;
  try {
    const document = parsePolicy(bytes);
    return { document, verify: await loadVerifier(document, { ...deps, lookasideDirectory }) };
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError(cause.kind, `${file.path}: ${cause.message}`, { cause, code: 'policy-file' });
  }
}

async function readPolicyFile({ path, mayBeMissing }: PolicyFile): Promise<Buffer | undefined> {
  try {
    return await readBoundedFile('signature policy', path, maxPolicyBytes);
  } catch (error) {
    const code = error instanceof Error ? systemErrorCode(error.cause) : undefined;
    if (mayBeMissing === true && code === 'ENOENT') return undefined;
    throw error;
  }
}
