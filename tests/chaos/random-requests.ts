/**
 * Random requests to the API, as bytes: most are close to valid ones, so that they get past the first check.
 */
import fc from 'fast-check';

/** Bytes that are written to a connection of the daemon. */
export type RequestBytes = Buffer;

/** Routes by method; `{name}` is replaced. */
const routes = [
  ...['/_ping', '/version', '/info', '/plugins', '/plugins/{name}/json', '/plugins/privileges', '/volumes'],
  ...['/volumes/{name}', '/events', '/outboard/v1/plugins', '/outboard/v1/stats', '/outboard/v1/calls'],
  ...['json', 'options', 'uses', 'top', 'stats', 'logs', 'preflight', 'wait', 'export'].map(
    (action) => `/outboard/v1/plugins/{name}/${action}`,
  ),
  '/outboard/v1/verify',
].map((path) => ({ method: 'GET', path }));

const changes = [
  ...['/auth', '/plugins/create', '/plugins/pull', '/volumes/create', '/volumes/prune', '/outboard/v1/gc'],
  ...['/outboard/v1/fsck', '/outboard/v1/adopt', '/outboard/v1/archives', '/outboard/v1/plugins/create'],
  ...['set', 'disable', 'upgrade', 'push', 'pull'].map((action) => `/plugins/{name}/${action}`),
  ...[
    'options',
    'settings',
    'restart',
    'rollback',
    'upgrade',
    'replace',
    'repair',
    'exec',
    'debug',
    'uses',
  ].map((action) => `/outboard/v1/plugins/{name}/${action}`),
  ...['mount', 'unmount'].map((action) => `/outboard/v1/volumes/{name}/${action}`),
].map((path) => ({ method: 'POST', path }));

const deletions = ['/plugins/{name}', '/volumes/{name}', '/outboard/v1/archives/{name}'].map((path) => ({
  method: 'DELETE',
  path,
}));

/** Names of things that exist, and of others. */
const names = [
  ...['acme/p', 'acme/p:latest', 'acme/missing:v1', 'a', '0123456789ab', 'f'.repeat(64), 'json', 'set', '..'],
  ...[
    'a/../b',
    '%2e%2e',
    'a%2Fb',
    'a%00b',
    'A/B',
    'reg:5000/a/b:c',
    'a@sha256:x',
    '{name}',
    '__proto__',
    '%',
  ],
  'x'.repeat(4096),
];

const keys = [
  ...['all', 'allPlatforms', 'append', 'archive', 'createMounts', 'dryRun', 'filters', 'follow', 'force'],
  ...[
    'format',
    'holder',
    'image',
    'mustRun',
    'name',
    'platform',
    'platforms',
    'plugin',
    'probation',
    'quick',
  ],
  ...['referrers', 'remote', 'repair', 'secrets', 'since', 'stream', 'strict', 'tail', 'timeout', 'until'],
];

/** Fields of documents that routes read. */
const fields = [
  ...[
    'Settings',
    'Secret',
    'NotSecret',
    'Limits',
    'Restart',
    'Security',
    'SecurityOpt',
    'Health',
    'Log',
    'Cmd',
  ],
  ...['Env', 'User', 'Tty', 'WorkingDir', 'Name', 'Driver', 'DriverOpts', 'Labels', 'Description', 'Value'],
  ...[
    'Path',
    'Plugins',
    'serveraddress',
    'username',
    'password',
    'Kind',
    'Holder',
    'constructor',
    '__proto__',
  ],
];

const odd = fc.constantFrom(
  ...[
    '',
    '0',
    '-1',
    '1e999',
    '9'.repeat(400),
    'true',
    'null',
    '[]',
    '{}',
    '{"a":{"b":true}}',
    '[[[[[[',
    '\u202e',
  ],
  ...['localhost:1/a/b:c', '127.0.0.1:1/x', '/', '/dev/null', 'NaN', '%', '+', '=', '@file:/x', 'A=1', '***'],
);
const text = fc.oneof(odd, fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }));
const name = fc.oneof(
  { arbitrary: fc.constant('acme/p'), weight: 3 },
  { arbitrary: fc.constantFrom(...names), weight: 1 },
  { arbitrary: text.map(encodeURIComponent), weight: 1 },
);

const query = fc
  .array(fc.tuple(fc.constantFrom(...keys), text), { maxLength: 3 })
  .map((pairs) => (pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`));

const target = fc
  .record({
    version: fc.oneof(
      { arbitrary: fc.constantFrom('', '/v1.41', '/v1.51'), weight: 8 },
      { arbitrary: fc.constantFrom('/v1.25', '/v1.99', '/v1', '/v0.0.0', '/v'), weight: 1 },
    ),
    route: fc.constantFrom(...routes, ...changes, ...deletions),
    name,
    query,
  })
  .map(({ version, route, name: filled, query: asked }) => ({
    method: route.method,
    target: `${version}${route.path.replace('{name}', () => filled)}${asked}`,
  }));

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...fields), text), tie('value'), { maxKeys: 4 }),
  ),
})).value;

const settings = fc.array(
  fc.oneof(
    text,
    fc.tuple(fc.constantFrom('DEBUG', 'TOKEN', 'args'), text).map((x) => x.join('=')),
  ),
);

const body = fc.oneof(
  fc.constant(''),
  json.map((value) => JSON.stringify(value)),
  settings.map((value) => JSON.stringify(value)),
  settings.map((value) => JSON.stringify({ Settings: value, Secret: ['DEBUG'] })),
  fc.constantFrom(
    'null',
    '[',
    '{"a":',
    '\ufeff[]',
    '[1e999]',
    '[[[['.repeat(500),
    '[],',
    'a=1&b=2',
    '\0'.repeat(1024),
  ),
  fc.string({ unit: 'binary', maxLength: 200 }),
);

const header = fc.oneof(
  fc.constantFrom(
    ...['Content-Type: application/json', 'Content-Type: application/json', 'Content-Type: text/plain'],
    ...[
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Type: application/x-tar',
      'Content-Type:',
    ],
    ...[
      'X-Registry-Auth: e30=',
      'X-Registry-Auth: !!',
      'X-Registry-Auth: bnVsbA==',
      'X-Registry-Config: W10=',
    ],
    ...[
      'Expect: 100-continue',
      'Upgrade: tcp',
      'Connection: upgrade',
      'Transfer-Encoding: gzip',
      'Origin: x',
    ],
    ...[
      'Range: bytes=0-',
      'Content-Encoding: gzip',
      'Host: x',
      'X-Meta-a: b',
      'Content-Length: 7',
      'Accept: */*',
    ],
  ),
  fc
    .tuple(fc.constantFrom('X-Registry-Auth', 'X-Registry-Config', 'User-Agent', 'Cookie', 'Accept'), text)
    .map(([key, value]) => `${key}: ${value.replace(/[\r\n]/g, '')}`),
);

const jsonType = 'Content-Type: application/json';

/** Mostly the headers that a client of Docker sends, so that the route is reached. */
const headers = fc.oneof(
  { arbitrary: fc.constant([jsonType]), weight: 3 },
  { arbitrary: fc.array(header, { maxLength: 3 }).map((more) => [jsonType, ...more]), weight: 1 },
  { arbitrary: fc.array(header, { maxLength: 4 }), weight: 1 },
);

const wholeRequest = fc
  .record({ target, body, headers, isChunked: fc.boolean() })
  .map(({ target: { method, target: path }, body: content, headers: sent, isChunked }) => {
    const bytes = Buffer.from(method === 'GET' ? '' : content);
    const [framing, framed] = isChunked
      ? ['Transfer-Encoding: chunked', chunked(bytes)]
      : [`Content-Length: ${bytes.length}`, bytes];
    const lines = [`${method} ${path} HTTP/1.1`, 'Host: d', 'Connection: close', framing, ...sent];
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), framed]);
  });

function chunked(bytes: Buffer): Buffer {
  const size = bytes.length.toString(16);
  return bytes.length === 0 ? Buffer.from('0\r\n\r\n') : Buffer.from(`${size}\r\n${bytes}\r\n0\r\n\r\n`);
}

/** One edit of the bytes of a request. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.nat({ max: 8 }),
  insert: fc.oneof(fc.constant(''), fc.constantFrom('\r\n', '\r\n\r\n', '\0', ' ', ':', '\n'), text),
});

const editedRequest = fc
  .tuple(wholeRequest, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([bytes, edits]) =>
    edits.reduce((edited, { at, drop, insert }) => {
      const index = Math.floor(at * edited.length);
      return Buffer.concat([edited.subarray(0, index), Buffer.from(insert), edited.subarray(index + drop)]);
    }, bytes),
  );

/** A request, or bytes that were one. */
export const randomRequest: fc.Arbitrary<RequestBytes> = fc.oneof(
  { arbitrary: wholeRequest, weight: 4 },
  { arbitrary: editedRequest, weight: 1 },
);
