/**
 * The options of a plugin's socket for other engines: rows of the table of options.
 */
import { codec, OutboardError, showValue } from '@outboard/oci';
import { option } from './option-row.ts';

const mebibyte = 1024 * 1024;
/** A consumer waits as long. */
const longestTimeoutSeconds = 3600;
const longestTimeoutByAuthorSeconds = 600;

/** Room for the directory: a path of a socket has at most 107 bytes. */
const longestAlias = 64;

/**
 * Names that consumers have for parts of their own, and do not look up as plugins: drivers of volumes, networks,
 * addresses and logs.
 */
const reservedAliases: ReadonlySet<string> = new Set(
  (
    'local image bridge host none null default overlay macvlan ipvlan container ' +
    'json-file journald syslog gelf fluentd awslogs splunk gcplogs'
  ).split(' '),
);

/** The rows of the group `Gateway`. */
export const gatewayOptions = {
  /** False: the plugin has no socket. */
  enabled: option('Enabled', codec.flag, {
    default: true,
    author: 'none',
    isFixedAtStart: false,
    flag: {
      flag: '--gateway',
      argument: 'switch',
      opposite: { flag: '--no-gateway', help: 'no socket for other engines' },
    },
    help: 'let other engines use the plugin through a socket',
    notes: 'see [gateway.md](gateway.md)',
  }),
  /** File name of the socket without `.sock`. */
  alias: option('Alias', codec.text, {
    defaultText: 'the last component of its repository',
    author: 'none',
    isFixedAtStart: false,
    flag: { flag: '--gateway-alias <name>', argument: 'text' },
    help: 'name of the plugin for other engines',
    notes: 'see [gateway.md](gateway.md#names)',
  }),
  /** Of most calls. */
  timeoutSeconds: option('TimeoutSeconds', codec.finiteNumber, {
    default: 60,
    range: [1, longestTimeoutSeconds],
    author: { most: longestTimeoutByAuthorSeconds },
    isFixedAtStart: false,
    flag: { flag: '--gateway-timeout <duration>', argument: 'duration' },
    help: 'time limit of a call, such as 90s',
    notes: 'see [gateway.md](gateway.md#protection), as for the following',
  }),
  /** Of `Create`, `Mount` and their like, which may work on remote storage. */
  slowTimeoutSeconds: option('SlowTimeoutSeconds', codec.finiteNumber, {
    default: 120,
    range: [1, longestTimeoutSeconds],
    author: { most: longestTimeoutByAuthorSeconds },
    isFixedAtStart: false,
    flag: { flag: '--gateway-slow-timeout <duration>', argument: 'duration' },
    help: 'time limit of a call that creates or mounts, such as 5m',
  }),
  maxCalls: option('MaxCalls', codec.finiteNumber, {
    default: 64,
    range: [1, 1024],
    author: 'none',
    isFixedAtStart: false,
    flag: { flag: '--gateway-max-calls <number>', argument: 'whole number' },
    help: 'calls to the plugin at once',
  }),
  maxWaiting: option('MaxWaiting', codec.finiteNumber, {
    default: 256,
    range: [0, 65_536],
    author: 'none',
    isFixedAtStart: false,
    flag: { flag: '--gateway-max-waiting <number>', argument: 'whole number' },
    help: 'further calls that wait; more are refused',
  }),
  maxRequestBytes: option('MaxRequestBytes', codec.finiteNumber, {
    default: 8 * mebibyte,
    range: [1024, 1024 * mebibyte],
    author: 'none',
    isFixedAtStart: false,
    flag: { flag: '--gateway-request-size <bytes>', argument: 'size' },
    help: 'greatest size of a request',
  }),
  maxAnswerBytes: option('MaxAnswerBytes', codec.finiteNumber, {
    default: 8 * mebibyte,
    range: [1024, 1024 * mebibyte],
    author: 'none',
    isFixedAtStart: false,
    flag: { flag: '--gateway-answer-size <bytes>', argument: 'size' },
    help: 'greatest size of an answer; a stream has no limit',
  }),
  /** Without an answer, in a row; 0 for never. */
  maxFailures: option('MaxFailures', codec.finiteNumber, {
    default: 5,
    range: [0, 1_000_000],
    author: 'none',
    isFixedAtStart: false,
    flag: { flag: '--gateway-max-failures <number>', argument: 'whole number' },
    help: 'calls in a row without an answer, after which further ones fail at once; 0 for never',
  }),
  pauseSeconds: option('PauseSeconds', codec.finiteNumber, {
    default: 10,
    range: [1, 3600],
    author: 'none',
    isFixedAtStart: false,
    flag: { flag: '--gateway-pause <duration>', argument: 'duration' },
    help: 'time until one call tries again whether the plugin answers',
  }),
  /** Calls of a volume driver; the volume's holders are counted in both cases. */
  mountCalls: option('MountCalls', codec.oneOf('once', 'each'), {
    default: 'once',
    author: 'any',
    isFixedAtStart: false,
    flag: { flag: '--gateway-mount-calls <choice>', argument: 'text' },
    help: 'once: mount a volume at its driver for the first holder only; each: for each holder',
    notes: 'see [volumes.md](volumes.md#holders)',
  }),
  /** False: the driver mounts its volumes again after a crash. */
  remount: option('Remount', codec.flag, {
    default: true,
    author: 'any',
    isFixedAtStart: false,
    flag: {
      flag: '--gateway-remount',
      argument: 'switch',
      opposite: { flag: '--no-gateway-remount', help: 'the driver mounts its volumes again by itself' },
    },
    help: 'mount held volumes again after the plugin was restarted',
    notes: 'see [volumes.md](volumes.md#crashes)',
  }),
};

/** Values in force where nobody decided. */
export const gatewayDefaults = {
  timeoutSeconds: gatewayOptions.timeoutSeconds.description.default,
  slowTimeoutSeconds: gatewayOptions.slowTimeoutSeconds.description.default,
  maxCalls: gatewayOptions.maxCalls.description.default,
  maxWaiting: gatewayOptions.maxWaiting.description.default,
  maxRequestBytes: gatewayOptions.maxRequestBytes.description.default,
  maxAnswerBytes: gatewayOptions.maxAnswerBytes.description.default,
  maxFailures: gatewayOptions.maxFailures.description.default,
  pauseSeconds: gatewayOptions.pauseSeconds.description.default,
  mountCalls: gatewayOptions.mountCalls.description.default ?? 'once',
  remount: gatewayOptions.remount.description.default ?? true,
} as const;

/**
 * The reason why a name cannot be used by consumers of plugins; undefined for a good one.
 * @see moby pkg/plugins/discovery.go (28.x); containers.conf(5), "volume_plugins"
 */
export function flawOfAlias(alias: string): string | undefined {
  if (alias.length > longestAlias) return `it has ${alias.length} characters, ${longestAlias} are allowed`;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(alias)) {
    return 'want letters, digits, "_", "." and "-", the first one a letter or a digit';
  }
  if (reservedAliases.has(alias)) return 'engines have a driver of their own of this name';
  return undefined;
}

/** The nearest name without a flaw. @param alias any text */
export function usableAlias(alias: string): string {
  const plain = alias.replace(/[^a-zA-Z0-9_.-]+/g, '-').replace(/^[^a-zA-Z0-9]+/, '');
  const short = plain.slice(0, longestAlias);
  if (short === '') return 'plugin';
  return reservedAliases.has(short) ? `${short}-plugin` : short;
}

/** @throws {OutboardError} invalid, with a name that can be used */
export function validateAlias(alias: string): void {
  const flaw = flawOfAlias(alias);
  if (flaw === undefined) return;
  const suggestion = JSON.stringify(usableAlias(alias));
  throw new OutboardError(
    'invalid',
    `invalid "gateway.alias" ${showValue(alias)}: ${flaw}; ${suggestion} would be right`,
  );
}
