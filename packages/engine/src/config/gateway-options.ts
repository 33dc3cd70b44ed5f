/**
 * The options of a plugin's socket for other engines: rows of the table of options.
 */
import { codec, OutboardError, showValue } from '@outboard/oci';
import { option } from './option-row.ts';

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
};

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
