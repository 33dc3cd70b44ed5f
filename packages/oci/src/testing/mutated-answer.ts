/**
 * Mutations of a registry's answers, repeatable by a seed: of status, headers, bytes, and single values of JSON documents.
 */
import { mediaTypes } from '../manifests/media-types.ts';
import type { Answer } from './misbehaving-registry.ts';

/** Hosts for redirects and realms: that of the registry, and one of another origin. */
export interface Hosts {
  readonly host: string;
  readonly otherHost: string;
}

/** Random choices, the same for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to below the limit. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** One of some values. @param values at least one */
  oneOf<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value; // the index is within the list
  }
}

const statuses = [
  200, 200, 201, 204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 406, 416, 429, 451, 500, 503,
];

/** Values that readers of JSON trip over. */
const junk: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  2 ** 53 + 1,
  '',
  'x',
  '../../etc/passwd',
  '\u0000',
  '\u001b[2J',
  'sha256:../../x',
  [],
  {},
  [[]],
  [null],
  { __proto__: 1 },
  'a'.repeat(5000),
  `sha256:${'0'.repeat(64)}`,
  'text/html',
  mediaTypes.ociForeignLayerGzip,
  mediaTypes.ociIndex,
  'application/vnd.oci.empty.v1+json',
];

/** Replace, remove or add one value somewhere in a document. */
export function mutateDocument(chance: Chance, bytes: Buffer): Buffer {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch {
    return mutateBytes(chance, bytes); // a layer
  }
  let at = document;
  for (let depth = chance.below(4); typeof at === 'object' && at !== null; depth--) {
    const fields = at as Record<string, unknown>; // arrays have indexes as names
    const names = Object.keys(fields);
    if (names.length === 0) break;
    const name = chance.oneOf(names);
    if (depth > 0 && typeof fields[name] === 'object' && fields[name] !== null) {
      at = fields[name];
      continue;
    }
    if (chance.below(4) === 0) delete fields[name];
    else fields[name] = chance.oneOf(junk);
    break;
  }
  return Buffer.from(JSON.stringify(document));
}

function mutateBytes(chance: Chance, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  switch (chance.below(5)) {
    case 0:
      return changed.subarray(0, chance.below(bytes.length + 1));
    case 1:
      return Buffer.concat([changed, changed]);
    case 2:
      return Buffer.from(
        chance.oneOf(['', '<html>', '{', 'null', '[]', '"x"', '{"errors":[{"code":"X"}]}', '\u0000']),
      );
    default:
      if (changed.length > 0) changed[chance.below(changed.length)] = chance.below(256);
      return changed;
  }
}

/** A header with a value that some reader takes for something else. */
function mutateHeader(chance: Chance, { host, otherHost }: Hosts): Record<string, string | string[]> {
  const other = `${chance.oneOf(['http:', 'https:'])}//${otherHost}/elsewhere?sig=1`;
  return chance.oneOf<Record<string, string | string[]>>([
    { location: other },
    {
      location: chance.oneOf([
        '',
        '/v2/acme/plugin/manifests/v1',
        'file:///etc/shadow',
        'http://169.254.169.254/',
        `http://a:b@${host}/`,
        '//',
      ]),
    },
    { 'www-authenticate': [`Bearer realm="${other}"`, 'Basic realm="x"'] },
    {
      'www-authenticate': chance.oneOf([
        '',
        'Bearer',
        'Bearer realm="',
        `Basic, Bearer realm="http://${host}/token",scope="a b"`,
      ]),
    },
    {
      'content-type': chance.oneOf([
        '',
        'text/html',
        'application/json',
        mediaTypes.ociIndex,
        mediaTypes.ociManifest,
        'a/b; c',
      ]),
    },
    { 'content-length': `${chance.below(2000)}` },
    { 'content-encoding': chance.oneOf(['gzip', 'identity', 'br, br']) },
    { 'content-range': chance.oneOf(['bytes 0-1/2', 'bytes 5-4/1', 'x']) },
    { 'docker-content-digest': chance.oneOf([`sha256:${'0'.repeat(64)}`, 'sha256:../x', 'md5:x', '']) },
    { 'retry-after': chance.oneOf(['0', '1e9', '999999999', 'Thu, 01 Jan 2099 00:00:00 GMT', '-1']) },
    { 'set-cookie': ['a=b', 'c=d'], etag: 'W/"x"', link: `<${other}>; rel="next"` },
  ]);
}

/** Change one part of an answer. */
export function mutateAnswer(chance: Chance, answer: Answer, registry: Hosts): Answer {
  switch (chance.below(7)) {
    case 0:
      return { ...answer, status: chance.oneOf(statuses) };
    case 1:
      return { ...answer, headers: { ...answer.headers, ...mutateHeader(chance, registry) } };
    case 2:
      return { ...answer, status: chance.oneOf(statuses), headers: mutateHeader(chance, registry) };
    case 3:
      return { ...answer, headers: withoutLength(answer), body: mutateBytes(chance, answer.body) };
    case 4:
      return { ...answer, cutAt: chance.below(answer.body.length + 1) };
    default:
      return { ...answer, headers: withoutLength(answer), body: mutateDocument(chance, answer.body) };
  }
}

function withoutLength({ headers }: Answer): Answer['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'));
}
