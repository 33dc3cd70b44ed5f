/**
 * The table of a plugin's options. Their type, the schema of `outboard` in `config.json`, of the API and of records, the
 * defaults, the bounds, the flags of the command line (packages/cli/src/options/option-table.ts) and the table in
 * docs/limits.md are derived from it. A new option is a row here and its effect in the container (`spec/`).
 * Rows are in the order in which documents are written.
 */
import { codec } from '@outboard/oci';
import { gatewayOptions } from './gateway-options.ts';
import { option, placeOptions, requiredOption } from './option-row.ts';

const mebibyte = 1024 * 1024;
const daySeconds = 86_400;
/** Bounds of the kernel on 64-bit hosts: PID_MAX_LIMIT, and the greatest value of fs.nr_open. */
const mostPids = 4_194_304;
const mostOpenFiles = 1_073_741_816;

const { flag, finiteNumber: number, object, oneOf, optionalField, text } = codec;

/** Bounds on the use of the host. */
const limits = {
  /** Memory and swap together, in bytes, of the plugin's cgroup. */
  memoryBytes: option('MemoryBytes', number, {
    range: [0, Number.MAX_SAFE_INTEGER],
    defaultText: 'no limit',
    author: 'any',
    isFixedAtStart: false,
    flag: { flag: '-m, --memory <bytes>', argument: 'size' },
    help: 'limit of memory and swap together, such as 64m; 0 for none',
    notes: 'at least 6 MiB',
  }),
  /** Processors, such as 0.5. */
  cpus: option('Cpus', number, {
    defaultText: 'no limit',
    author: 'any',
    isFixedAtStart: false,
    flag: { flag: '--cpus <number>', argument: 'decimal' },
    help: 'limit of processors, such as 0.5; 0 for none',
  }),
  /** Processes and threads. */
  pids: option('Pids', number, {
    range: [0, mostPids],
    defaultText: 'no limit',
    author: 'any',
    isFixedAtStart: false,
    flag: { flag: '--pids-limit <number>', argument: 'process count' },
    help: 'limit of processes and threads; 0 for none',
  }),
  /** Open files of each process (RLIMIT_NOFILE). */
  openFiles: option('OpenFiles', number, {
    range: [0, mostOpenFiles],
    defaultText: "the daemon's",
    // The usual limit of a daemon, which is the default.
    author: { most: 1024 * 1024 },
    isFixedAtStart: true,
    flag: { flag: '--ulimit <limit>', argument: 'open files' },
    help: 'nofile=NUMBER: limit of open files of each process; 0 for none',
  }),
};

/** Docker's restart policies, with Docker's meaning. */
const restart = {
  /** `on-failure`: unless the plugin exited with code 0. */
  name: requiredOption('Name', oneOf('always', 'on-failure', 'no'), {
    default: 'always',
    author: 'any',
    isFixedAtStart: false,
    flag: { flag: '--restart <policy>', argument: 'restart policy' },
    help: 'restart policy: always, on-failure[:RETRIES] or no',
    notes: 'see [supervision.md](supervision.md#restarts)',
  }),
  /** Restarts in a row; absent or 0: no limit. */
  maximumRetries: option('MaximumRetries', number, {
    range: [0, 0x7fffffff],
    defaultText: 'no limit',
    author: 'any',
    isFixedAtStart: false,
    setBy: '--restart',
    help: 'restarts in a row of on-failure',
  }),
};

/** Periodic check that a plugin still answers. */
const health = {
  /** `socket`: the socket accepts a connection; `http`: it answers a request with a status below 500. */
  kind: requiredOption('Kind', oneOf('socket', 'http', 'none'), {
    defaultText: 'none',
    author: 'any',
    isFixedAtStart: true,
    flag: {
      flag: '--health-check <kind>',
      argument: 'health check',
      opposite: {
        flag: '--no-healthcheck',
        help: 'no health check, whatever the author of the plugin asks for',
      },
    },
    help: 'health check: socket accepts a connection, http answers a request; none for no check',
  }),
  /** Path that `http` requests, by POST. */
  path: option('Path', text, {
    default: '/Plugin.Activate',
    author: 'any',
    isFixedAtStart: true,
    flag: { flag: '--health-path <path>', argument: 'text' },
    help: 'path that an http check requests',
    notes: 'by POST',
  }),
  intervalSeconds: option('IntervalSeconds', number, {
    default: 30,
    // Each check is a connection, and may be a process of the plugin.
    author: { least: 1 },
    isFixedAtStart: true,
    flag: { flag: '--health-interval <duration>', argument: 'duration' },
    help: 'time between health checks, such as 1m30s',
  }),
  timeoutSeconds: option('TimeoutSeconds', number, {
    default: 10,
    author: 'any',
    isFixedAtStart: true,
    flag: { flag: '--health-timeout <duration>', argument: 'duration' },
    help: 'time limit of one health check',
  }),
  /** Failures in a row. */
  retries: option('Retries', number, {
    range: [1, 1_000_000],
    default: 3,
    author: 'any',
    isFixedAtStart: true,
    flag: { flag: '--health-retries <number>', argument: 'whole number' },
    help: 'failures in a row that make a plugin unhealthy',
  }),
  restarts: option('Restarts', flag, {
    default: false,
    author: 'any',
    isFixedAtStart: true,
    flag: {
      flag: '--health-restart',
      argument: 'switch',
      opposite: { flag: '--no-health-restart', help: 'only report an unhealthy plugin' },
    },
    help: 'restart an unhealthy plugin',
  }),
};

/** Bounds of the stored output. */
const log = {
  /** Of one file. */
  maxBytes: option('MaxBytes', number, {
    default: 10 * mebibyte,
    range: [0, Number.MAX_SAFE_INTEGER],
    author: { most: 10 * mebibyte },
    isFixedAtStart: true,
    flag: { flag: '--log-max-size <bytes>', argument: 'size' },
    help: 'greatest size of one log file, such as 10m',
    notes: 'at least 80 KiB: see [logs.md](logs.md)',
  }),
  maxFiles: option('MaxFiles', number, {
    default: 3,
    range: [1, 1000],
    author: { most: 3 },
    isFixedAtStart: true,
    flag: { flag: '--log-max-file <number>', argument: 'whole number' },
    help: 'number of log files that are kept',
  }),
};

/** Isolation of a plugin. */
const security = {
  /**
   * `default`: the profile of the host's containers, or the engine's own where there is none; `builtin`: the engine's
   * own; `unconfined`; or the absolute path of a profile.
   */
  seccomp: option('Seccomp', text, {
    default: 'default',
    author: 'none',
    weakens: () => true,
    isFixedAtStart: true,
    flag: { flag: '--security-opt <option>', argument: 'security option' },
    help: 'seccomp=…, apparmor=… or no-new-privileges[=false]; default resets all of them',
    notes: 'see [security.md](security.md#options)',
  }),
  /** Profile that is loaded on the host, or `unconfined`. */
  apparmor: option('Apparmor', text, {
    defaultText: "the engine's",
    author: 'none',
    weakens: () => true,
    isFixedAtStart: true,
    setBy: '--security-opt',
    help: 'AppArmor profile',
  }),
  noNewPrivileges: option('NoNewPrivileges', flag, {
    defaultText: 'yes, unless the plugin needs otherwise',
    author: 'only true',
    weakens: (isSet) => !isSet,
    isFixedAtStart: true,
    setBy: '--security-opt',
    help: 'no gain of privileges by set-user-ID programs',
  }),
  /** With a tmpfs on /tmp and /run. */
  readOnlyRootfs: option('ReadOnlyRootfs', flag, {
    default: false,
    author: 'only true',
    isFixedAtStart: true,
    flag: {
      flag: '--read-only',
      argument: 'switch',
      opposite: { flag: '--no-read-only', help: 'writable root file system' },
    },
    help: 'read-only root file system, with a tmpfs on /tmp and /run',
  }),
};

const stopTimeoutSeconds = option('StopTimeoutSeconds', number, {
  default: 10,
  range: [0, daySeconds],
  // Six times the default, for plugins that have data to write: stopping a plugin waits for it.
  author: { most: 60 },
  isFixedAtStart: false,
  flag: { flag: '--stop-timeout <seconds>', argument: 'whole number' },
  help: 'seconds between SIGTERM and SIGKILL when the plugin is stopped',
  notes: 'with `--force`, of `rm`, `disable` and `restart`, at most 10',
});

const createMounts = option('CreateMounts', flag, {
  default: false,
  author: 'none',
  weakens: (isSet) => isSet,
  isFixedAtStart: false,
  flag: {
    flag: '--create-mounts',
    argument: 'switch',
    opposite: { flag: '--no-create-mounts', help: 'refuse to start while a directory to mount is missing' },
  },
  help: 'create missing directories of the host to mount, at each start',
  notes: 'with `enable` at that start only',
});

const init = option('Init', flag, {
  default: false,
  author: 'none',
  isFixedAtStart: true,
  flag: {
    flag: '--init',
    argument: 'switch',
    opposite: { flag: '--no-init', help: "run the plugin's program as the first process" },
  },
  help: 'run an init as the first process, which reaps orphaned processes',
  notes: 'see [below](#zombies)',
});

/** Options of a plugin, decided by its operator or its author. Every group and every option may be absent. */
export const optionsCodec = object({
  limits: optionalField('Limits', object(limits)),
  restart: optionalField('Restart', object(restart)),
  stopTimeoutSeconds,
  health: optionalField('Health', object(health)),
  log: optionalField('Log', object(log)),
  security: optionalField('Security', object(security)),
  createMounts,
  init,
  gateway: optionalField('Gateway', object(gatewayOptions)),
});

/** The same options in objects whose fields are named as in memory, such as patches. */
export const optionsCodecInMemory = codec.namedAsInMemory(optionsCodec);

/** Every option, in the order of the table. */
export const optionRows = placeOptions(optionsCodec);

/** Values in force where neither operator nor author decided. */
export const optionDefaults = {
  restart: { name: restart.name.description.default },
  stopTimeoutSeconds: stopTimeoutSeconds.description.default,
  health: {
    path: health.path.description.default,
    intervalSeconds: health.intervalSeconds.description.default,
    timeoutSeconds: health.timeoutSeconds.description.default,
    retries: health.retries.description.default,
  },
  log: { maxBytes: log.maxBytes.description.default, maxFiles: log.maxFiles.description.default },
} as const;
