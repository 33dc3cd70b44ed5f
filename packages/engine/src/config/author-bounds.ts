/**
 * How far an author's options may go. An author restricts a plugin and never loosens its box; no operator is asked about
 * these options, so what would take more of the host than the engine's own defaults is left to the operator.
 */
import type { PluginOverrides } from './plugin-options.ts';

const mebibyte = 1024 * 1024;

/** The engine's defaults, unless a comment says otherwise. */
const most = {
  /** Six times the default: some have data to write. Whoever stops the plugin waits for it. */
  stopTimeoutSeconds: 60,
  logBytes: 10 * mebibyte,
  logFiles: 3,
  /** The usual limit of a daemon, which is the default. */
  openFiles: 1024 * 1024,
};
/** The default is 30. Each check is a connection, or a process more to answer. */
const leastHealthIntervalSeconds = 1;

/**
 * An author's options without those that go too far.
 * @param warn told of each that is left out
 */
export function boundAuthorOptions(
  options: PluginOverrides,
  warn: (warning: string) => void,
): PluginOverrides {
  const taken = (field: string, value: number | undefined, limit: number, word: 'most' | 'least') => {
    if (value === undefined || (word === 'most' ? value <= limit : value >= limit)) return true;
    warn(`${JSON.stringify(field)}: ${value} is not taken: an author may ask for at ${word} ${limit}`);
    return false;
  };
  const { limits, log, health, stopTimeoutSeconds, ...others } = options;
  const isStopTaken = taken('StopTimeoutSeconds', stopTimeoutSeconds, most.stopTimeoutSeconds, 'most');
  return {
    ...others,
    ...(isStopTaken && stopTimeoutSeconds !== undefined && { stopTimeoutSeconds }),
    ...filled('limits', limits, {
      openFiles: taken('Limits.OpenFiles', limits?.openFiles, most.openFiles, 'most'),
    }),
    ...filled('log', log, {
      maxBytes: taken('Log.MaxBytes', log?.maxBytes, most.logBytes, 'most'),
      maxFiles: taken('Log.MaxFiles', log?.maxFiles, most.logFiles, 'most'),
    }),
    ...filled('health', health, {
      intervalSeconds: taken(
        'Health.IntervalSeconds',
        health?.intervalSeconds,
        leastHealthIntervalSeconds,
        'least',
      ),
    }),
  };
}

/** A property with the fields that are taken, unless none is left. */
function filled<Key extends string, Value extends object>(
  key: Key,
  value: Value | undefined,
  taken: { readonly [Field in keyof Value]?: boolean },
): { [K in Key]?: Value } {
  if (value === undefined) return {};
  const fields = Object.entries(value).filter(([name]) => taken[name as keyof Value] !== false); // of its own names
  // Only optional fields are ever left out; a computed key loses its type.
  return fields.length === 0 ? {} : ({ [key]: Object.fromEntries(fields) } as { [K in Key]: Value });
}
