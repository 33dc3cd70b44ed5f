import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError, type PluginEngine } from '@outboard/engine';
import { checkSignaturePolicy } from './policy-check.ts';

type Policy = ReturnType<PluginEngine['policy']['current']>;

const identity = { type: 'matchRepoDigestOrExact' } as const;
const byPgp: Policy = {
  default: [{ type: 'reject' }],
  transports: new Map([['docker', new Map([['reg.test', [{ type: 'signedBy', keys: [], identity }]]])]]),
};
const open: Policy = { default: [{ type: 'insecureAcceptAnything' }], transports: new Map() };

const missing = async () => {
  throw new OutboardError('system', 'cannot find "gpgv" in PATH', { code: 'program-missing' });
};

for (const [title, document, find, status, message] of [
  ['no policy', undefined, missing, 'ok', 'no policy: every plugin is accepted'],
  ['a policy without OpenPGP', open, missing, 'ok', 'a policy with 0 scopes, others are accepted'],
  [
    'a policy with OpenPGP',
    byPgp,
    async () => '/usr/bin/gpgv',
    'ok',
    'a policy with 1 scopes, others are judged by the default',
  ],
  [
    'a policy with OpenPGP without gpgv',
    byPgp,
    missing,
    'fail',
    'a policy with 1 scopes, others are judged by the default; cannot find "gpgv" in PATH',
  ],
] as const) {
  test(`checkSignaturePolicy() describes ${title}`, async () => {
    const policy = { current: () => document } as PluginEngine['policy'];
    const check = await checkSignaturePolicy({ policy }, find);
    assert.deepEqual([check.status, check.message], [status, message]);
    assert.equal(check.remedy === '', status === 'ok');
  });
}
