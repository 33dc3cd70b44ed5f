/**
 * `outboard logs --calls`: calls of other programs to plugins, one line each.
 */
import { CommandError } from '../command-error.ts';
import { asNumber, asText, field } from '../json-field.ts';
import { formatDocument, type OutputFormat } from '../output/output-format.ts';
import { escapeText } from '../terminal/escape-text.ts';

const shownIdLength = 12;

/** Format one call. @param text the daemon's JSON @throws {CommandError} if it is none */
export function formatCall(text: Buffer, format: OutputFormat): string {
  const call = parseCall(text.toString());
  return formatDocument(call, format, `${describeCall(call)}\n`);
}

function parseCall(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Reported below, as another value that is no object.
  }
  throw new CommandError('the daemon answered with something that is not a record of calls');
}

/** Such as `2026-01-31T10:00:00.250Z success 1.2ms acme/ssh:latest VolumeDriver.Mount data, by podman (pid 812)`. */
function describeCall(call: object): string {
  const words = [
    asText(field(call, 'Time')),
    asText(field(call, 'Outcome')).padEnd(9),
    formatMs(asNumber(field(call, 'DurationMs')) ?? 0).padStart(7),
    asText(field(call, 'Plugin')),
    asText(field(call, 'Method')),
    asText(field(call, 'Volume')),
  ];
  const caller = describeCaller(field(call, 'Consumer'));
  const error = asText(field(call, 'Error'));
  const line = words.filter((word) => word !== '').join(' ');
  return escapeText(`${line}${caller === '' ? '' : `, by ${caller}`}${error === '' ? '' : `: ${error}`}`);
}

/** `812.3ms`, `1.2s`: short and of one width. */
function formatMs(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(1)}ms` : `${(ms / 1000).toFixed(1)}s`;
}

function describeCaller(consumer: unknown): string {
  const pid = asNumber(field(consumer, 'Pid'));
  const unit = asText(field(consumer, 'Unit'));
  const container = asText(field(consumer, 'Container')).slice(0, shownIdLength);
  const details = [
    ...(pid === undefined ? [] : [`pid ${pid}`]),
    ...(unit === '' ? [] : [`unit ${unit}`]),
    ...(container === '' ? [] : [`container ${container}`]),
  ].join(', ');
  const program = asText(field(consumer, 'Program'));
  if (program === '') return details;
  return details === '' ? program : `${program} (${details})`;
}
