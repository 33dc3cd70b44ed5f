/**
 * Picks metrics of a text in the exposition format of Prometheus: a pure rule.
 */

/** Lines of the metrics whose names match, with those that describe them. */
export function selectMetrics(text: string, only: RegExp): string {
  const lines = text.split('\n').filter((line) => {
    const name = /^(?:# (?:HELP|TYPE) )?([a-zA-Z_:][a-zA-Z0-9_:]*)/.exec(line)?.[1];
    return name !== undefined && only.test(name);
  });
  return lines.map((line) => `${line}\n`).join('');
}
