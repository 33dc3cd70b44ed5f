import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuthorizationRequest, RequestBody } from '@outboard/sdk';
import { denialOf, parseRules } from './rules.ts';

const rules = parseRules(
  JSON.stringify({
    rules: [
      { allow: true, users: ['admin'] },
      { deny: 'privileged', path: '/containers/create', field: { path: ['Privileged'], equals: true } },
      { allow: true, methods: ['POST'], path: '/containers/create', field: { path: ['Image'], equals: 'x' } },
      { allow: true, methods: ['POST'], path: '/containers/*/start' },
      { allow: true, methods: ['GET'], path: '/images/**' },
    ],
    otherwise: 'not in the list',
  }),
);

function request(
  method: string,
  path: string,
  more: Partial<AuthorizationRequest> = {},
): AuthorizationRequest {
  const query = new URLSearchParams();
  return { method, path, uri: path, query, headers: new Map(), certificates: [], ...more };
}

const bodyOf = (fields: object) => new RequestBody(Buffer.from(JSON.stringify(fields)).toString('base64'));

for (const [name, given, want] of [
  ['a user by name', request('DELETE', '/volumes/v', { user: 'admin' }), undefined],
  ['what no rule names', request('DELETE', '/volumes/v'), 'not in the list'],
  [
    'a body with the field',
    request('POST', '/containers/create', { body: bodyOf({ Privileged: true }) }),
    'privileged',
  ],
  ['a body without it', request('POST', '/containers/create', { body: bodyOf({ Image: 'x' }) }), undefined],
  ['a body that is not shown, by the rule that denies', request('POST', '/containers/create'), 'privileged'],
  ['one component', request('POST', '/containers/web/start'), undefined],
  ['not two components', request('POST', '/containers/a/b/start'), 'not in the list'],
  ['any number of components', request('GET', '/images/a/b/json'), undefined],
  ['another method', request('PUT', '/images/a'), 'not in the list'],
  ['no other path', request('GET', '/images'), 'not in the list'],
] as const) {
  test(`denialOf() matches ${name}`, () => {
    assert.equal(denialOf(rules, given), want);
  });
}

for (const [text, reason] of [
  ['{', /JSON/],
  ['[]', /the document is not an object/],
  ['{"rules":{}}', /"rules" is not a list/],
  ['{"rules":[{}]}', /rule 1: want either "allow": true or "deny" with a reason/],
  ['{"rules":[{"allow":true,"deny":"x"}]}', /rule 1: want either/],
  ['{"rules":[{"allow":true,"user":["a"]}]}', /rule 1: unknown key "user", want deny, allow, methods/],
  ['{"rules":[{"allow":true,"users":"a"}]}', /rule 1: "users" is not a list of texts/],
  ['{"rules":[{"allow":true,"field":{"path":"a"}}]}', /rule 1: "field": "path" is not a list/],
  ['{"rules":[],"default":"x"}', /the document: unknown key "default"/],
] as const) {
  test(`parseRules() refuses ${text}`, () => {
    assert.throws(() => parseRules(text), reason);
  });
}
