/**
 * From a seccomp profile to the filter of one plugin: the rules that hold for its capabilities, on this machine.
 * @see moby/profiles seccomp/seccomp_linux.go, setupSeccomp
 */
import type { SpecSeccomp } from '../../spec/runtime-spec.ts';
import type { SeccompProfile, SeccompRule } from './profile-document.ts';

/** What a profile asks about the plugin and its machine. */
export interface SeccompSubject {
  /** With `CAP_`: all that the plugin can have. */
  readonly capabilities: readonly string[];
  /** As Node.js names it, such as `x64`. */
  readonly architecture: string;
  /** Such as `6.1.0-13-amd64`. */
  readonly kernelRelease: string;
}

interface Architecture {
  /** In conditions of profiles: Go's name. */
  readonly condition: string;
  /** In libseccomp. */
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

/** Resolve a profile. The same input gives the same filter. */
export function resolveSeccompProfile(profile: SeccompProfile, subject: SeccompSubject): SpecSeccomp {
  const architecture = architectures.get(subject.architecture);
  const rules = profile.rules.filter((rule) => applies(rule, subject, architecture?.condition));
  const native = filteredArchitectures(profile, architecture?.native);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    // Without any the runtime takes its own.
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

/** All of what a rule includes must hold, and nothing of what it excludes. */
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

/** By the first two numbers, as profiles name no more. */
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
