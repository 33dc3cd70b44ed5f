/**
 * Makes the filter of one container from a seccomp profile: the rules that apply to its capabilities, on this host.
 * @see moby/profiles seccomp/seccomp_linux.go, setupSeccomp
 */
import type { SpecSeccomp } from '../../spec/runtime-spec.ts';
import type { SeccompProfile, SeccompRule } from './profile-document.ts';

/** Properties of a container and its host that the conditions of a profile refer to. */
export interface SeccompSubject {
  /** All capabilities that the container can have, with `CAP_`. */
  readonly capabilities: readonly string[];
  /** As Node.js names it, such as `x64`. */
  readonly architecture: string;
  /** Such as `6.1.0-13-amd64`. */
  readonly kernelRelease: string;
}

interface Architecture {
  /** Go's name, as in conditions of profiles. */
  readonly condition: string;
  /** Name in libseccomp. */
  readonly native: string;
}

const architectures: ReadonlyMap<string, Architecture> = new Map([
  ['x64', { condition: 'amd64', native: 'SCMP_ARCH_X86_64' }],
  ['arm64', { condition: 'arm64', native: 'SCMP_ARCH_AARCH64' }],
  ['arm', { condition: 'arm', native: 'SCMP_ARCH_ARM' }],
  ['ppc64', { condition: 'ppc64le', native: 'SCMP_ARCH_PPC64LE' }],
  ['s390x', { condition: 's390x', native: 'SCMP_ARCH_S390X' }],
  ['riscv64', { condition: 'riscv64', native: 'SCMP_ARCH_RISCV64' }],
  ['loong64', { condition: 'loong64', native: 'SCMP_ARCH_LOONGARCH64' }],
]);

/** Resolve a profile. A pure function. */
export function resolveSeccompProfile(profile: SeccompProfile, subject: SeccompSubject): SpecSeccomp {
  const architecture = architectures.get(subject.architecture);
  const rules = profile.rules.filter((rule) => applies(rule, subject, architecture?.condition));
  const native = filteredArchitectures(profile, architecture?.native);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    // Without a list the OCI runtime uses the native one.
    ...(native.length > 0 && { architectures: native }),
    ...(profile.flags.length > 0 && { flags: profile.flags }),
    syscalls: rules.filter(({ names }) => names.length > 0).map(toSpecRule),
  };
}

function filteredArchitectures(profile: SeccompProfile, native: string | undefined): readonly string[] {
  if (profile.architectures.length > 0) return profile.architectures;
  const found = profile.archMap.find(({ architecture }) => architecture === native);
  return found === undefined ? [] : [found.architecture, ...(found.subArchitectures ?? [])];
}

/** A rule applies when all its `includes` hold and none of its `excludes` does. */
function applies(rule: SeccompRule, subject: SeccompSubject, architecture: string | undefined): boolean {
  const { includes, excludes } = rule;
  const has = (capability: string) => subject.capabilities.includes(capability);
  const isOneOf = (names: readonly string[]) => architecture !== undefined && names.includes(architecture);
  const isAtLeast = (version: string) => compareKernels(subject.kernelRelease, version) >= 0;
  if (includes?.caps !== undefined && !includes.caps.every(has)) return false;
  if (includes?.arches !== undefined && includes.arches.length > 0 && !isOneOf(includes.arches)) return false;
  if (includes?.minKernel !== undefined && !isAtLeast(includes.minKernel)) return false;
  if (excludes?.caps?.some(has)) return false;
  if (excludes?.arches !== undefined && isOneOf(excludes.arches)) return false;
  return excludes?.minKernel === undefined || !isAtLeast(excludes.minKernel);
}

/** Compare the first two numbers, since profiles contain no more. */
function compareKernels(release: string, version: string): number {
  const [major = 0, minor = 0] = release.split(/[^\d]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number);
  return major - wantedMajor || minor - wantedMinor;
}

function toSpecRule({ names, action, errnoRet, args }: SeccompRule): SpecSeccomp['syscalls'][number] {
  return {
    names,
    action,
    ...(errnoRet !== undefined && { errnoRet }),
    ...(args !== undefined &&
      args.length > 0 && {
        args: args.map(({ index, value, valueTwo = 0, op }) => ({ index, value, valueTwo, op })),
      }),
  };
}
