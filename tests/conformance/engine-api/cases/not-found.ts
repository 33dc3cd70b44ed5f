/**
 * Every route that names a plugin, with names of no plugin.
 */
import type { ConformanceCase, Step } from '../conformance-case.ts';
import { failure } from '../expectations.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const unusedId = 'f'.repeat(64);
const json = { 'Content-Type': 'application/json' };

const routes: readonly (readonly [id: string, line: (name: string) => string, body?: string])[] = [
  ['inspect', (name) => `GET /plugins/${name}/json`],
  ['enable', (name) => `POST /plugins/${name}/enable?timeout=0`],
  ['disable', (name) => `POST /plugins/${name}/disable`],
  ['disable-force', (name) => `POST /plugins/${name}/disable?force=1`],
  ['set', (name) => `POST /plugins/${name}/set`, '["DEBUG=1"]'],
  ['push', (name) => `POST /plugins/${name}/push`],
  ['remove', (name) => `DELETE /plugins/${name}`],
  ['remove-force', (name) => `DELETE /plugins/${name}?force=1`],
];

const names: readonly (readonly [id: string, title: string, name: string])[] = [
  ['name', 'an unknown name', '{name}'],
  ['id', 'an unknown ID', unusedId],
  ['digest', 'a name with a digest', `{path}@${digest}`],
  ['unparsable', 'a name that is none', 'Not..A..Name'],
];

const cases = routes.flatMap(([route, line, body]) =>
  names.map(
    ([id, title, name]): ConformanceCase => ({
      id: `not-found.${route}-${id}`,
      title: `${route} of ${title}`,
      request: { line: line(name), ...(body === undefined ? {} : { body, headers: json }) },
      expect: failure(404, `plugin "${name}" not found`),
    }),
  ),
);

const [first, ...others] = routes.map(
  ([, line, body]): Step => ({
    request: { line: line('{sharedPrefix}'), ...(body === undefined ? {} : { body, headers: json }) },
    expect: failure(400, 'multiple plugins found for "{sharedPrefix}"'),
  }),
);
if (first === undefined) throw new Error('there are routes that name a plugin');

export const notFoundCases: readonly ConformanceCase[] = [
  ...cases,
  {
    id: 'not-found.ambiguous',
    title: 'every route with an ID prefix that several plugins share',
    given: [{ crowd: true }],
    ...first,
    afterwards: others,
  },
];
