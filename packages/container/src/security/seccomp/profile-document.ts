/**
 * Parses seccomp profiles in Docker's file format, which is also Podman's. A profile lists the allowed system calls
 * by capability, architecture and kernel; `resolve-profile.ts` makes the filter of one container from it.
 * @see moby/profiles seccomp/seccomp.go; containers/common pkg/seccomp/types.go (0.50)
 */
import { constants } from 'node:os';
import { OutboardError, showValue } from '@outboard/oci';
import * as z from 'zod';

/** Actions that the OCI runtime accepts, without `NOTIFY`, which would hand system calls to an arbitrary program. */
const actions = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_LOG',
  'SCMP_ACT_ALLOW',
] as const;
const operators = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

const errorNumbers: Readonly<Record<string, number>> = constants.errno;
const maxRules = 2000;
const maxNames = 2000;

const word = z.string().regex(/^\w{1,64}$/);
const action = z.enum(actions);
/** MAX_ERRNO, the highest error number of the kernel. */
const errorNumber = z.number().int().min(0).max(4095);
const errorName = z
  .string()
  .refine((name) => name === '' || Object.hasOwn(errorNumbers, name), 'want a name such as "EPERM"');
const argumentValue = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Treat `null` as absent, as Go's decoder does. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const words = optional(z.array(word).max(maxNames));

const condition = optional(
  z.object({ caps: words, arches: words, minKernel: optional(z.string().regex(/^\d{1,5}\.\d{1,5}$/)) }),
);

const argument = z.object({
  index: z.number().int().min(0).max(5),
  value: argumentValue,
  valueTwo: optional(argumentValue),
  op: z.enum(operators),
});

const rule = z.object({
  name: optional(z.union([word, z.literal('')])),
  names: words,
  action,
  errnoRet: optional(errorNumber),
  errno: optional(errorName),
  args: optional(z.array(argument).max(64)),
  includes: condition,
  excludes: condition,
});

const documentSchema = z
  .object({
    defaultAction: action,
    defaultErrnoRet: optional(errorNumber),
    defaultErrno: optional(errorName),
    architectures: words,
    archMap: optional(z.array(z.object({ architecture: word, subArchitectures: words })).max(100)),
    flags: words,
    listenerPath: optional(z.literal('')),
    syscalls: optional(z.array(rule).max(maxRules)),
  })
  .transform((profile) => ({
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet ?? errorByName(profile.defaultErrno),
    architectures: profile.architectures ?? [],
    archMap: profile.archMap ?? [],
    flags: profile.flags ?? [],
    rules: (profile.syscalls ?? []).map(({ name, names, errno, ...rest }) => ({
      ...rest,
      names: names ?? (name ? [name] : []),
      errnoRet: rest.errnoRet ?? errorByName(errno),
    })),
  }));

/** A parsed profile; made by the parser and the built-in profile only. */
export type SeccompProfile = z.output<typeof documentSchema>;
/** One rule of a profile. */
export type SeccompRule = SeccompProfile['rules'][number];
/** Condition on an argument of a system call. */
export type SeccompArgument = NonNullable<SeccompRule['args']>[number];

/**
 * Parse a profile.
 * @param text JSON
 * @param path of the file, for messages
 * @throws {OutboardError} invalid, naming the field
 */
export function parseSeccompProfile(text: string, path: string): SeccompProfile {
  const fail = (reason: string, cause?: unknown) =>
    new OutboardError('invalid', `seccomp profile ${JSON.stringify(path)}: ${reason}`, { cause });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw fail('want JSON', cause);
  }
  const result = documentSchema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const value = issue?.path.reduce<unknown>(
    // Only own keys of parsed JSON are followed.
    (at, key) =>
      typeof at === 'object' && at !== null ? Object.getOwnPropertyDescriptor(at, key)?.value : undefined,
    document,
  );
  throw fail(`invalid ${showValue(issue?.path.join('.'))}: ${showValue(value)}: ${issue?.message}`);
}

/** Podman writes errors by name; the number has precedence. */
function errorByName(name: string | undefined): number | undefined {
  return name === undefined || name === '' ? undefined : errorNumbers[name];
}
