/**
 * The text format of Prometheus metrics. It consists of a few rules of escaping, so that no library is loaded for it.
 * @see Prometheus exposition formats, "Text-based format", version 0.0.4
 */

/** The current value of one series. */
export interface Sample {
  /** Follows the family's name; only in histograms. */
  readonly suffix?: '_bucket' | '_sum' | '_count' | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly value: number;
}

/** All series with one name. */
export interface MetricFamily {
  /** With its unit; a counter's ends in `_total`. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

/** Content type of version 0.0.4, which every Prometheus server accepts. */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Encode families as text; a family without series is omitted. */
export function encodeExposition(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${help.replace(/[\\\n]/g, escapeCharacter)}`, `# TYPE ${name} ${type}`);
    for (const sample of samples) lines.push(encodeSample(name, sample));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function encodeSample(name: string, { suffix, labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label}="${text.replace(/[\\"\n]/g, escapeCharacter)}"`,
  );
  return `${name}${suffix ?? ''}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${encodeNumber(value)}`;
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

function encodeNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
