import { codec } from '@outboard/oci';

const { finiteNumber: number, object, optionalField: optional, flag, text } = codec;

export const optionsCodec = object({
  limits: optional(
    'Limits',
    object({
      memoryBytes: optional('MemoryBytes', number),
      cpus: optional('Cpus', number),
      pids: optional('Pids', number),
      openFiles: optional('OpenFiles', number),
    }),
  ),
  restart: optional(
    'Restart',
    object({
      name: codec.field('Name', codec.oneOf('always', 'on-failure', 'no')),
      maximumRetries: optional('MaximumRetries', number),
    }),
  ),
  stopTimeoutSeconds: optional('StopTimeoutSeconds', number),
  health: optional(
    'Health',
    object({
      kind: codec.field('Kind', codec.oneOf('socket', 'http', 'none')),
      path: optional('Path', text),
      intervalSeconds: optional('IntervalSeconds', number),
      timeoutSeconds: optional('TimeoutSeconds', number),
      retries: optional('Retries', number),
      restarts: optional('Restarts', flag),
    }),
  ),
  log: optional(
    'Log',
    object({ maxBytes: optional('MaxBytes', number), maxFiles: optional('MaxFiles', number) }),
  ),
  security: optional(
    'Security',
    object({
      seccomp: optional('Seccomp', text),
      apparmor: optional('Apparmor', text),
      noNewPrivileges: optional('NoNewPrivileges', flag),
      readOnlyRootfs: optional('ReadOnlyRootfs', flag),
    }),
  ),
  createMounts: optional('CreateMounts', flag),
  init: optional('Init', flag),
});

export const optionsCodecInMemory = codec.namedAsInMemory(optionsCodec);
