/**
 * Parses Prometheus text as strictly as the format permits, so that a test sees every fault that a scraper would
 * refuse.
 * @see Prometheus exposition formats, "Text-based format", version 0.0.4
 */

/** All series of one name. */
export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  /** By `name{label="value",…}`, labels sorted. */
  readonly samples: ReadonlyMap<string, number>;
}

const header = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;
const value = /^(?:[+-]Inf|NaN|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/** @throws {Error} with the line that breaks a rule of the format or of metric names */
export function parsePrometheusText(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  let current = '';
  let help = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = header.exec(line) ?? [];
    if (kind === 'HELP') help = rest;
    else if (kind === 'TYPE') {
      if (families.has(name)) throw new Error(`a second family ${name}`);
      if ((rest === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${rest}`);
      families.set(name, { type: rest, help, samples: new Map() });
      current = name;
    } else {
      const family = families.get(current);
      const [key, number] = parseSample(line);
      if (family === undefined || !belongsTo(key, current, family.type)) throw new Error(`stray: ${line}`);
      if (family.samples.has(key)) throw new Error(`a second series ${key}`);
      family.samples.set(key, number);
    }
  }
  return families;
}

function parseSample(line: string): [key: string, value: number] {
  const match = sampleLine.exec(line);
  if (match === null || !value.test(match[3] ?? '')) throw new Error(`no sample: ${line}`);
  const labels: string[] = [];
  for (let rest = match[2] ?? ''; rest !== ''; ) {
    const pair = labelPair.exec(rest);
    if (pair === null) throw new Error(`bad labels: ${line}`);
    labels.push(`${pair[1]}="${pair[2]}"`);
    rest = rest.slice(pair[0].length);
  }
  const suffix = labels.length === 0 ? '' : `{${labels.sort().join(',')}}`;
  return [`${match[1]}${suffix}`, Number(match[3]?.replace('Inf', 'Infinity'))];
}

function belongsTo(key: string, family: string, type: string): boolean {
  const name = key.split('{', 1)[0];
  if (type !== 'histogram') return name === family;
  return [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name ?? '');
}
