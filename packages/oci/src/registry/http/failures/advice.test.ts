import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceFor } from './advice.ts';

/** Answers of real registries, and the words that the advice must have; empty for none. */
const cases = [
  [
    'Docker Hub over its limit',
    'GET',
    429,
    'TOOMANYREQUESTS: You have reached your pull rate limit.',
    /log in/,
  ],
  ['a rate limit with another status', 'GET', 403, 'DENIED: rate limit exceeded', /try again later/],
  [
    'Harbor over its quota',
    'PUT',
    412,
    'DENIED: adding 5 MiB of storage resource will exceed the configured upper limit',
    /quota/,
  ],
  ['a full disk', 'PATCH', 507, '', /is full/],
  [
    'ECR with an old password',
    'GET',
    403,
    'DENIED: Your authorization token has expired. Reauthenticate and try again.',
    /log in again/,
  ],
  [
    'ECR without the repository',
    'POST',
    404,
    "NAME_UNKNOWN: The repository with name 'p' does not exist",
    /created there first/,
  ],
  ['a pull without the repository', 'GET', 404, 'NAME_UNKNOWN: repository name not known to registry', ''],
  ['a proxy with a limit', 'PUT', 413, '', /limits the size/],
  [
    'Quay and a type of its own',
    'PUT',
    415,
    'MANIFEST_INVALID: manifest schema version not supported',
    /takes plugins/,
  ],
  [
    'a registry that checks config types',
    'PUT',
    400,
    'MANIFEST_INVALID: unsupported media type',
    /takes plugins/,
  ],
  ['a pull-through cache', 'POST', 405, 'UNSUPPORTED: The operation is unsupported.', /read-only, a cache/],
  ['immutable tags', 'PUT', 400, "TAG_INVALID: tag 'v1' is immutable", /tags unchanged/],
  ['a proxy that wants a password', 'GET', 407, '', /proxy/],
  ['a gateway without its registry', 'GET', 502, '', /try again later/],
  ['a refusal that access hints explain', 'GET', 401, 'UNAUTHORIZED: authentication required', ''],
  ['a fault', 'GET', 500, '', ''],
] as const;

for (const [name, method, status, reason, words] of cases) {
  test(`adviceFor() knows what to try after ${name}`, () => {
    const advice = adviceFor({ method, status, reason });
    if (words === '') assert.equal(advice, '');
    else assert.match(advice, words);
  });
}

test('adviceFor() takes bounded time for hostile words', () => {
  for (const word of ['storage ', 'exceeded ', 'token ', 'media ']) {
    assert.equal(typeof adviceFor({ method: 'PUT', status: 400, reason: word.repeat(128) }), 'string');
  }
});
