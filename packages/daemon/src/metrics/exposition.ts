/**
 * The text format of Prometheus metrics. It consists of a few rules of escaping, so that no library is loaded for it.
 * @see Prometheus exposition formats, "Text-based format", version 0.0.4
 */

import { createTurnPacer } from '@outboard/async';

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
  /** Made while they are encoded: there may be tens of thousands. */
  readonly samples: Iterable<Sample>;
}

/** Content type of version 0.0.4, which every Prometheus server accepts. */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Encode families as text, in several turns of the event loop; a family without series is omitted. */
export async function encodeExposition(families: readonly MetricFamily[]): Promise<string> {
  const pacer = createTurnPacer();
  let text = '';
  for (const { name, help, type, samples } of families) {
    let head = `# HELP ${name} ${help.replace(/[\\\n]/g, escapeCharacter)}\n# TYPE ${name} ${type}\n`;
    for (const sample of samples) {
      text += `${head}${encodeSample(name, sample)}\n`;
      head = '';
      const pause = pacer.pause();
      if (pause !== undefined) await pause;
    }
  }
  return text;
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
