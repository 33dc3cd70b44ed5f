/**
 * `POST /plugins/{name}/disable` and `DELETE /plugins/{name}`
 */
import type { ConformanceCase, Given } from '../conformance-case.ts';
import { document, failure, ok } from '../expectations.ts';
import { atLeast } from '../shape.ts';

const running: readonly Given[] = [{ made: { runs: true } }, { enabled: '{name}' }];
const used: readonly Given[] = [...running, { usedByVolume: '{name}' }];
const isDisabled = {
  request: { line: 'GET /plugins/{name}/json' },
  expect: document(atLeast({ Enabled: false })),
};
const isThere = { request: { line: 'GET /plugins/{name}/json' }, expect: document(atLeast({ Id: '{id}' })) };
const isGone = {
  request: { line: 'GET /plugins/{id}/json' },
  expect: failure(404, 'plugin "{id}" not found'),
};

/** Docker's syntax of a boolean. */
const words: readonly (readonly [id: string, word: string, isTrue: boolean])[] = [
  ['0', '0', false],
  ['no', 'No', false],
  ['false', 'FALSE', false],
  ['none', '%20none%20', false],
  ['empty', '', false],
  ['1', '1', true],
  ['python', 'True', true],
  ['anything', 'off', true],
];

export const disableCases: readonly ConformanceCase[] = [
  {
    id: 'disable.plain',
    title: 'disabling',
    given: running,
    request: { line: 'POST /plugins/{name}/disable' },
    expect: ok,
    afterwards: [isDisabled],
  },
  {
    id: 'disable.force',
    title: 'disabling with force',
    given: running,
    request: { line: 'POST /plugins/{name}/disable?force=1' },
    expect: ok,
    afterwards: [isDisabled],
  },
  {
    id: 'disable.force-in-body',
    title: 'disabling with force in a JSON body, as dockerode does',
    given: running,
    request: {
      line: 'POST /plugins/{name}/disable',
      headers: { 'Content-Type': 'application/json' },
      body: '{"force":true}',
    },
    expect: ok,
    afterwards: [isDisabled],
  },
  {
    id: 'disable.disabled',
    title: 'disabling a disabled plugin',
    given: [{ made: {} }],
    request: { line: 'POST /plugins/{shortId}/disable' },
    expect: failure(409, 'plugin is already disabled: plugin {name} found but disabled'),
  },
  {
    id: 'disable.disabled-force',
    title: 'disabling a disabled plugin with force',
    given: [{ made: {} }],
    request: { line: 'POST /plugins/{name}/disable?force=1' },
    expect: failure(409, 'plugin is already disabled: plugin {name} found but disabled'),
  },
  {
    id: 'disable.used',
    title: 'disabling a plugin that a volume uses',
    given: used,
    request: { line: 'POST /plugins/{name}/disable' },
    expect: failure(409, /^plugin {name} is in use/),
    needs: 'volumes',
  },
  {
    id: 'disable.used-force',
    title: 'disabling a plugin that a volume uses with force',
    given: used,
    request: { line: 'POST /plugins/{name}/disable?force=1' },
    expect: ok,
    afterwards: [isDisabled],
    needs: 'volumes',
  },
];

export const removeCases: readonly ConformanceCase[] = [
  {
    id: 'remove.plain',
    title: 'removing',
    given: [{ made: {} }],
    request: { line: 'DELETE /plugins/{name}' },
    expect: ok,
    afterwards: [isGone],
  },
  {
    id: 'remove.id-prefix',
    title: 'removing by an ID prefix',
    given: [{ made: {} }],
    request: { line: 'DELETE /plugins/{shortId}' },
    expect: ok,
    afterwards: [isGone],
  },
  {
    id: 'remove.enabled',
    title: 'removing an enabled plugin',
    given: running,
    request: { line: 'DELETE /plugins/{shortId}' },
    expect: failure(409, 'plugin {name} is enabled'),
    afterwards: [isThere],
  },
  ...words.map(
    ([id, word, isTrue]): ConformanceCase => ({
      id: `remove.force-${id}`,
      title: `removing an enabled plugin with force=${word}`,
      given: running,
      request: { line: `DELETE /plugins/{name}?force=${word}` },
      expect: isTrue ? ok : failure(409, 'plugin {name} is enabled'),
      afterwards: [isTrue ? isGone : isThere],
    }),
  ),
  {
    id: 'remove.used',
    title: 'removing a plugin that a volume uses',
    given: used,
    request: { line: 'DELETE /plugins/{name}' },
    expect: failure(409, /^plugin {name} is in use/),
    afterwards: [isThere],
    needs: 'volumes',
  },
  {
    id: 'remove.used-disabled',
    title: 'removing a plugin that a volume uses, after a forced disable',
    given: used,
    request: { line: 'POST /plugins/{name}/disable?force=1' },
    expect: ok,
    afterwards: [
      { request: { line: 'DELETE /plugins/{name}' }, expect: failure(409, /^plugin {name} is in use/) },
      isThere,
    ],
    needs: 'volumes',
  },
];
