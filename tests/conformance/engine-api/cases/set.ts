/**
 * `POST /plugins/{name}/set`: the grammar of settings, and the settable fields.
 */
import type { ConformanceCase, RawRequest } from '../conformance-case.ts';
import { document, failure, noContent } from '../expectations.ts';
import { atLeast, containing, type Shape } from '../shape.ts';

const json = { 'Content-Type': 'application/json' };
const bind = { Type: 'bind', Options: ['rbind'], Description: '' };

/** One setting of each kind and with each settable field. */
const config = {
  Env: [
    { Name: 'DEBUG', Description: '', Value: '0', Settable: ['value'] },
    { Name: 'UNSET', Description: '', Value: null, Settable: ['value'] },
    { Name: 'FIXED', Description: '', Value: 'x', Settable: [] },
    { Name: 'NULL', Description: '', Value: 'x', Settable: null },
    { Name: 'ODD', Description: '', Value: 'x', Settable: ['name'] },
    { Name: 'TWO', Description: '', Value: 'x', Settable: ['name', 'value'] },
    { Name: 'a.b', Description: '', Value: 'x', Settable: ['value'] },
    { Name: '.hidden', Description: '', Value: 'x', Settable: ['value'] },
    { Name: 'both', Description: '', Value: 'x', Settable: ['value'] },
  ],
  Mounts: [
    { ...bind, Name: 'state', Source: '/a', Destination: '/state', Settable: ['source'] },
    { ...bind, Name: 'fixed', Source: '/b', Destination: '/fixed', Settable: null },
    { ...bind, Name: 'nosource', Source: null, Destination: '/nosource', Settable: ['source'] },
    { ...bind, Name: 'both', Source: '/c', Destination: '/both', Settable: ['source'] },
  ],
  Linux: {
    Capabilities: null,
    AllowAllDevices: false,
    Devices: [
      { Name: 'dev', Description: '', Path: '/dev/null', Settable: ['path'] },
      { Name: 'nopath', Description: '', Path: null, Settable: ['path'] },
    ],
  },
  Args: { Name: 'args', Description: '', Value: ['-v'], Settable: ['value'] },
} as const;

const before = ['DEBUG=0', 'FIXED=x', 'NULL=x', 'ODD=x', 'TWO=x', 'a.b=x', '.hidden=x', 'both=x'];
const env = (...changes: readonly string[]) => {
  const names = changes.map((change) => change.slice(0, change.indexOf('=') + 1));
  const kept = before.map((entry) => changes[names.findIndex((name) => entry.startsWith(name))] ?? entry);
  return [...kept, ...changes.filter((change) => !kept.includes(change))];
};

function set(args: unknown): RawRequest {
  return { line: 'POST /plugins/{name}/set', headers: json, body: JSON.stringify(args) };
}
const settings = (shape: { readonly [key: string]: Shape }) => ({
  request: { line: 'GET /plugins/{name}/json' },
  expect: document(
    atLeast({ Settings: atLeast(shape), Config: atLeast({ Env: config.Env, Mounts: config.Mounts }) }),
  ),
});
const mountFrom = (name: string, source: string) => ({
  Mounts: containing(atLeast({ Name: name, Source: source })),
});

const accepted: readonly (readonly [
  id: string,
  title: string,
  args: readonly string[],
  shape: { readonly [key: string]: Shape },
])[] = [
  ['env', 'setting a variable', ['DEBUG=1'], { Env: env('DEBUG=1') }],
  ['env-field', 'setting a variable by its field', ['DEBUG.value=1'], { Env: env('DEBUG=1') }],
  ['env-empty-field', 'setting with a dot but no field', ['DEBUG.=1'], { Env: env('DEBUG=1') }],
  ['env-equals', 'setting a value with =', ['DEBUG=a=b'], { Env: env('DEBUG=a=b') }],
  ['env-no-value', 'setting without =', ['DEBUG'], { Env: env('DEBUG=') }],
  ['env-append', 'setting a variable that was not set', ['UNSET=1'], { Env: env('UNSET=1') }],
  ['env-dotted', 'setting a variable with a dot in its name', ['a.b.value=2'], { Env: env('a.b=2') }],
  ['env-leading-dot', 'setting a variable that begins with a dot', ['.hidden=2'], { Env: env('.hidden=2') }],
  ['env-several', 'setting two variables', ['DEBUG=1', 'UNSET=2'], { Env: env('DEBUG=1', 'UNSET=2') }],
  ['env-two-fields', 'setting one of several fields', ['TWO.value=2'], { Env: env('TWO=2') }],
  ['env-first', 'setting a name that a variable and a mount share', ['both=2'], { Env: env('both=2') }],
  ['mount', 'setting the source of a mount', ['state=/new'], mountFrom('state', '/new')],
  [
    'mount-field',
    'setting the source of a mount by its field',
    ['state.source=/new'],
    mountFrom('state', '/new'),
  ],
  [
    'device',
    'setting the path of a device',
    ['dev=/dev/zero'],
    { Devices: containing(atLeast({ Name: 'dev', Path: '/dev/zero' })) },
  ],
  ['args', 'setting arguments', ['args=x  y'], { Args: ['x', '', 'y'] }],
  ['args-empty', 'setting no arguments', ['args='], { Args: [''] }],
  ['nothing', 'setting nothing', [], { Env: before, Args: ['-v'] }],
];

const refused: readonly (readonly [
  id: string,
  title: string,
  args: readonly string[],
  message: string | RegExp,
])[] = [
  ['leading-equals', 'setting without a name', ['=x'], 'invalid format, must be <name>[.<field>][=<value>]'],
  ['unknown', 'setting an unknown item', ['NOPE=1'], 'setting "NOPE" not found in the plugin configuration'],
  [
    'unknown-field',
    'setting a field of an unknown item',
    ['NOPE.value=1'],
    'setting "NOPE" not found in the plugin configuration',
  ],
  [
    'dotted',
    'setting a variable with a dot in its name, without field',
    ['a.b=2'],
    'setting "a" not found in the plugin configuration',
  ],
  ['empty', 'setting an empty argument', [''], 'setting "" not found in the plugin configuration'],
  ['fixed', 'setting an item that is not settable', ['FIXED=1'], '"FIXED" is not settable'],
  [
    'fixed-field',
    'setting a field of an item that is not settable',
    ['FIXED.value=1'],
    '"FIXED.value" is not settable',
  ],
  ['null', 'setting an item whose settable list is null', ['NULL=1'], '"NULL" is not settable'],
  [
    'other-field',
    'setting a field outside the settable list',
    ['DEBUG.name=1'],
    '"DEBUG.name" is not settable',
  ],
  [
    'odd',
    'setting an item whose only settable field is unsupported',
    ['ODD=1'],
    '"ODD.name" is not settable',
  ],
  [
    'several',
    'setting an item with several settable fields without a field name',
    ['TWO=1'],
    'multiple fields are settable, one must be specified',
  ],
  ['mount-fixed', 'setting a mount that is not settable', ['fixed=/x'], '"fixed" is not settable'],
  [
    'mount-destination',
    'setting the destination of a mount',
    ['state.destination=/x'],
    '"state.destination" is not settable',
  ],
  ['no-source', 'setting a mount without source', ['nosource=/x'], 'plugin config has no mount source'],
  ['no-path', 'setting a device without path', ['nopath=/x'], 'plugin config has no device path'],
];

const bodies: readonly (readonly [
  id: string,
  title: string,
  request: Pick<RawRequest, 'headers' | 'body'>,
  message: string | RegExp,
])[] = [
  ['object', 'an object', { headers: json, body: '{"DEBUG":"1"}' }, /^invalid JSON: /],
  ['number', 'an array of numbers', { headers: json, body: '[1]' }, /^invalid JSON: /],
  ['text', 'a body that is not JSON', { headers: json, body: 'DEBUG=1' }, /^invalid JSON: /],
  [
    'two-documents',
    'data after the array',
    { headers: json, body: '["DEBUG=1"] []' },
    'unexpected content after JSON',
  ],
  [
    'text-plain',
    'text',
    { headers: { 'Content-Type': 'text/plain' }, body: '["DEBUG=1"]' },
    "unsupported Content-Type header (text/plain): must be 'application/json'",
  ],
  [
    'no-type',
    'no content type',
    { body: '["DEBUG=1"]' },
    'malformed Content-Type header (): mime: no media type',
  ],
];

export const setCases: readonly ConformanceCase[] = [
  ...accepted.map(
    ([id, title, args, shape]): ConformanceCase => ({
      id: `set.${id}`,
      title,
      given: [{ made: { config } }],
      request: set(args),
      expect: noContent,
      afterwards: [settings(shape)],
      ...(id === 'env' ? { isRepeatable: true, versions: 'every' } : {}),
    }),
  ),
  ...refused.map(
    ([id, title, args, message]): ConformanceCase => ({
      id: `set.refused-${id}`,
      title,
      given: [{ made: { config } }],
      request: set(args),
      expect: failure(400, message),
      afterwards: [settings({ Env: before })],
    }),
  ),
  ...bodies.map(
    ([id, title, request, message]): ConformanceCase => ({
      id: `set.body-${id}`,
      title: `setting with ${title} for a body`,
      given: [{ made: { config } }],
      request: { line: 'POST /plugins/{name}/set', ...request },
      expect: failure(400, message),
    }),
  ),
  {
    id: 'set.null',
    title: 'setting null',
    given: [{ made: { config } }],
    request: { line: 'POST /plugins/{name}/set', headers: json, body: 'null' },
    expect: noContent,
  },
  {
    id: 'set.no-body',
    title: 'setting without a body',
    given: [{ made: { config } }],
    request: { line: 'POST /plugins/{name}/set' },
    expect: noContent,
  },
  {
    id: 'set.all-or-nothing',
    title: 'setting two values, one of which is not settable',
    given: [{ made: { config } }],
    request: set(['DEBUG=1', 'NOPE=1']),
    expect: failure(400, 'setting "NOPE" not found in the plugin configuration'),
    afterwards: [settings({ Env: before })],
  },
  {
    id: 'set.config-stays',
    title: 'setting a device does not change the config',
    given: [{ made: { config } }],
    request: set(['dev=/dev/zero']),
    expect: noContent,
    afterwards: [
      {
        request: { line: 'GET /plugins/{name}/json' },
        expect: document(atLeast({ Config: atLeast({ Linux: config.Linux }) })),
      },
    ],
  },
  {
    id: 'set.enabled',
    title: 'setting an enabled plugin',
    given: [{ made: { runs: true } }, { enabled: '{name}' }],
    request: set(['DEBUG=1']),
    expect: failure(409, 'cannot set on an active plugin, disable plugin before setting'),
  },
];
