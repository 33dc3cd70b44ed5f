/**
 * The dashboard and the alerts in packaging/monitoring ask for metrics, labels and states that exist. docs/metrics.md is
 * compared with what the daemon serves elsewhere.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from './pages.ts';

const read = (path: string) => readFileSync(join(repository, path), 'utf8');
const page = read('docs/metrics.md');

/** Labels of each metric, by name; a histogram has three names. */
const metrics = new Map<string, readonly string[]>();
for (const section of page.split(/^Metrics of /m)) {
  const common = ['instance', 'job', ...(section.includes('the label `plugin`') ? ['plugin'] : [])];
  for (const [, name = '', type, list = ''] of section.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm)) {
    const labels = [...common, ...[...list.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)];
    if (type !== 'histogram') metrics.set(name, labels);
    else
      for (const suffix of ['_bucket', '_sum', '_count']) metrics.set(`${name}${suffix}`, [...labels, 'le']);
  }
}
metrics.set('up', ['instance', 'job']); // made by Prometheus

const dashboard = JSON.parse(read('packaging/monitoring/grafana-dashboard.json'));
const panels: { title: string; targets: { expr: string }[] }[] = dashboard.panels;
const alerts = read('packaging/monitoring/prometheus-alerts.yml');
const rules = alerts.split(/^ +- alert: /m).slice(1);

/** Expressions of the dashboard and of the alerts, with their places. */
const expressions = [
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ place: title, expr }))),
  ...rules.map((rule) => {
    const expr = /expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)/.exec(rule);
    return { place: rule.split('\n', 1)[0] ?? '', expr: expr?.[1] ?? expr?.[2] ?? '' };
  }),
];

/** Names of series with their selector, such as `outboard_plugins{state="running"}`. */
function selectorsIn(expr: string): readonly { name: string; labels: readonly string[] }[] {
  return [...expr.matchAll(/\b(up|(?:outboard|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector = '']) => ({
      name,
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
    }),
  );
}

describe('dashboard and alerts', () => {
  test('there are expressions to check, and metrics to compare with', () => {
    assert.ok(metrics.size > 30, `found ${metrics.size} metrics`);
    assert.ok(rules.length > 5, `found ${rules.length} alerts`);
    assert.ok(panels.length > 10, `found ${panels.length} panels`);
  });

  for (const { place, expr } of expressions) {
    test(`${place}: asks for metrics and labels that exist`, () => {
      const selectors = selectorsIn(expr);
      assert.ok(selectors.length > 0, expr);
      for (const { name, labels } of selectors) {
        const known = metrics.get(name);
        assert.ok(known !== undefined, `${name} is not on docs/metrics.md`);
        assert.deepEqual(
          labels.filter((label) => !known.includes(label)),
          [],
          name,
        );
      }
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */));
      const all = new Set(selectors.flatMap(({ name }) => metrics.get(name) ?? []));
      assert.deepEqual(
        grouped.filter((label) => !all.has(label)),
        [],
      );
    });
  }

  test('states of plugins in selectors are states that plugins have', () => {
    const states = [...read('docs/supervision.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(
      ([, state]) => state,
    );
    const asked = expressions.flatMap(({ expr }) => [...expr.matchAll(/state=~?"([^"]*)"/g)]);
    const named = asked.flatMap(([, list = '']) => list.split('|'));
    assert.ok(named.length > 3);
    assert.deepEqual(
      named.filter((state) => !states.includes(state)),
      [],
    );
  });

  test('the metrics that tell of trouble are watched', () => {
    const watched = new Set(expressions.flatMap(({ expr }) => selectorsIn(expr).map(({ name }) => name)));
    const wanted = ['outboard_plugins', 'outboard_plugin_state', 'outboard_plugin_restarts_total'];
    const more = [
      'outboard_plugin_oom_kills_total',
      'outboard_plugin_memory_bytes',
      'outboard_gateway_circuit_open',
    ];
    assert.deepEqual(
      [...wanted, ...more].filter((name) => !watched.has(name)),
      [],
    );
  });

  test('an alert names commands of outboard only', () => {
    const commands = [...alerts.matchAll(/`outboard ([a-z]+)/g)].map(([, command]) => command);
    const page = read('docs/command-line.md');
    assert.ok(commands.length > 4);
    for (const command of commands) assert.match(page, new RegExp(`\`${command}\\b`));
  });
});
