/**
 * The seccomp filter of one container on this host.
 */
import { release } from 'node:os';
import type { SpecSeccomp } from '../../spec/runtime-spec.ts';
import { findSeccompProfile } from './find-profile.ts';
import { resolveSeccompProfile } from './resolve-profile.ts';

/**
 * Read the profile of a choice and resolve it for the processor and kernel of this host.
 * @param choice as in `findSeccompProfile`
 * @param capabilities all that the container can have, with `CAP_`
 * @returns undefined for `unconfined`
 * @throws {OutboardError} invalid when the profile cannot be read or parsed
 */
export async function createSeccompFilter(
  choice: string,
  capabilities: readonly string[],
): Promise<SpecSeccomp | undefined> {
  const profile = await findSeccompProfile(choice);
  return (
    profile &&
    resolveSeccompProfile(profile, {
      capabilities,
      architecture: process.arch,
      kernelRelease: release(),
    })
  );
}
