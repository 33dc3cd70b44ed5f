/**
 * The flags of a plugin's options. Generated from packages/engine/src/config/option-table.ts, whose test writes it anew:
 * OUTBOARD_WRITE_DOCS=1 npm test option-table
 */
import type { OptionFlag } from './option-flag.ts';

/** Every flag, in the order of the help. */
export const optionTable: readonly OptionFlag[] = [
  {
    flag: '-m, --memory <bytes>',
    argument: 'size',
    fields: ['Limits.MemoryBytes'],
    help: 'limit of memory and swap together, such as 64m; 0 for none',
  },
  {
    flag: '--cpus <number>',
    argument: 'decimal',
    fields: ['Limits.Cpus'],
    help: 'limit of processors, such as 0.5; 0 for none',
  },
  {
    flag: '--pids-limit <number>',
    argument: 'process count',
    fields: ['Limits.Pids'],
    help: 'limit of processes and threads; 0 for none',
  },
  {
    flag: '--ulimit <limit>',
    argument: 'open files',
    fields: ['Limits.OpenFiles'],
    help: 'nofile=NUMBER: limit of open files of each process; 0 for none',
  },
  {
    flag: '--restart <policy>',
    argument: 'restart policy',
    fields: ['Restart.Name', 'Restart.MaximumRetries'],
    help: 'restart policy: always, on-failure[:RETRIES] or no',
  },
  {
    flag: '--stop-timeout <seconds>',
    argument: 'whole number',
    fields: ['StopTimeoutSeconds'],
    help: 'seconds between SIGTERM and SIGKILL when the plugin is stopped',
  },
  {
    flag: '--health-check <kind>',
    argument: 'health check',
    fields: ['Health.Kind'],
    help: 'health check: socket accepts a connection, http answers a request; none for no check',
    opposite: {
      flag: '--no-healthcheck',
      help: 'no health check, whatever the author of the plugin asks for',
    },
  },
  {
    flag: '--health-path <path>',
    argument: 'text',
    fields: ['Health.Path'],
    help: 'path that an http check requests',
  },
  {
    flag: '--health-interval <duration>',
    argument: 'duration',
    fields: ['Health.IntervalSeconds'],
    help: 'time between health checks, such as 1m30s',
  },
  {
    flag: '--health-timeout <duration>',
    argument: 'duration',
    fields: ['Health.TimeoutSeconds'],
    help: 'time limit of one health check',
  },
  {
    flag: '--health-retries <number>',
    argument: 'whole number',
    fields: ['Health.Retries'],
    help: 'failures in a row that make a plugin unhealthy',
  },
  {
    flag: '--health-restart',
    argument: 'switch',
    fields: ['Health.Restarts'],
    help: 'restart an unhealthy plugin',
    opposite: {
      flag: '--no-health-restart',
      help: 'only report an unhealthy plugin',
    },
  },
  {
    flag: '--log-max-size <bytes>',
    argument: 'size',
    fields: ['Log.MaxBytes'],
    help: 'greatest size of one log file, such as 10m',
  },
  {
    flag: '--log-max-file <number>',
    argument: 'whole number',
    fields: ['Log.MaxFiles'],
    help: 'number of log files that are kept',
  },
  {
    flag: '--security-opt <option>',
    argument: 'security option',
    fields: ['Security.Seccomp', 'Security.Apparmor', 'Security.NoNewPrivileges'],
    help: 'seccomp=…, apparmor=… or no-new-privileges[=false]; default resets all of them',
  },
  {
    flag: '--read-only',
    argument: 'switch',
    fields: ['Security.ReadOnlyRootfs'],
    help: 'read-only root file system, with a tmpfs on /tmp and /run',
    opposite: {
      flag: '--no-read-only',
      help: 'writable root file system',
    },
  },
  {
    flag: '--create-mounts',
    argument: 'switch',
    fields: ['CreateMounts'],
    help: 'create missing directories of the host to mount, at each start',
    opposite: {
      flag: '--no-create-mounts',
      help: 'refuse to start while a directory to mount is missing',
    },
  },
  {
    flag: '--init',
    argument: 'switch',
    fields: ['Init'],
    help: 'run an init as the first process, which reaps orphaned processes',
    opposite: {
      flag: '--no-init',
      help: "run the plugin's program as the first process",
    },
  },
  {
    flag: '--gateway',
    argument: 'switch',
    fields: ['Gateway.Enabled'],
    help: 'let other engines use the plugin through a socket',
    opposite: {
      flag: '--no-gateway',
      help: 'no socket for other engines',
    },
  },
  {
    flag: '--gateway-alias <name>',
    argument: 'text',
    fields: ['Gateway.Alias'],
    help: 'name of the plugin for other engines',
  },
  {
    flag: '--gateway-timeout <duration>',
    argument: 'duration',
    fields: ['Gateway.TimeoutSeconds'],
    help: 'time limit of a call, such as 90s',
  },
  {
    flag: '--gateway-slow-timeout <duration>',
    argument: 'duration',
    fields: ['Gateway.SlowTimeoutSeconds'],
    help: 'time limit of a call that creates or mounts, such as 5m',
  },
  {
    flag: '--gateway-max-calls <number>',
    argument: 'whole number',
    fields: ['Gateway.MaxCalls'],
    help: 'calls to the plugin at once',
  },
  {
    flag: '--gateway-max-waiting <number>',
    argument: 'whole number',
    fields: ['Gateway.MaxWaiting'],
    help: 'further calls that wait; more are refused',
  },
  {
    flag: '--gateway-request-size <bytes>',
    argument: 'size',
    fields: ['Gateway.MaxRequestBytes'],
    help: 'greatest size of a request',
  },
  {
    flag: '--gateway-answer-size <bytes>',
    argument: 'size',
    fields: ['Gateway.MaxAnswerBytes'],
    help: 'greatest size of an answer; a stream has no limit',
  },
  {
    flag: '--gateway-max-failures <number>',
    argument: 'whole number',
    fields: ['Gateway.MaxFailures'],
    help: 'calls in a row without an answer, after which further ones fail at once; 0 for never',
  },
  {
    flag: '--gateway-pause <duration>',
    argument: 'duration',
    fields: ['Gateway.PauseSeconds'],
    help: 'time until one call tries again whether the plugin answers',
  },
  {
    flag: '--gateway-mount-calls <choice>',
    argument: 'text',
    fields: ['Gateway.MountCalls'],
    help: 'once: mount a volume at its driver for the first holder only; each: for each holder',
  },
  {
    flag: '--gateway-remount',
    argument: 'switch',
    fields: ['Gateway.Remount'],
    help: 'mount held volumes again after the plugin was restarted',
    opposite: {
      flag: '--no-gateway-remount',
      help: 'the driver mounts its volumes again by itself',
    },
  },
];
