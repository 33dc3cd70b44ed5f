/**
 * An authorization plugin for tests, with a fixed policy and faults on request.
 */
import { fixtureSocket, type PluginContextOptions } from './plugin-fixture.ts';

/**
 * Policy: no user may set DEBUG=1; `mallory` may do nothing, neither may a user without a certificate of that name.
 * `X-Fault` takes precedence: `hang`, `die` (once), `nonsense`, `error`, or `keep-answer`, which denies the response.
 */
const script = `
import { createServer } from 'node:http';
import { X509Certificate } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
const faults = {
  hang: () => {},
  die(answer, question) {
    if (existsSync('/tmp/died')) return answer(policy, question);
    writeFileSync('/tmp/died', '');
    process.exit(1);
  },
  nonsense: (answer) => answer(() => 'yes'),
  error: (answer) => answer(() => ({ Allow: true, Err: 'the policy cannot be read' })),
  'keep-answer': (answer, question, isAnswer) =>
    answer(() => ({ Allow: !isAnswer, Msg: 'the answer is secret' })),
};
function policy({ User, RequestPeerCertificates, RequestUri, RequestBody }) {
  if (User && certifiedName(RequestPeerCertificates) !== 'CN=' + User) return { Msg: 'no certificate' };
  if (User === 'mallory') return { Allow: false, Msg: 'go away, mallory' };
  const body = RequestBody ? JSON.parse(Buffer.from(RequestBody, 'base64')) : [];
  const isDebug = RequestUri.endsWith('/set') && body.includes('DEBUG=1');
  return isDebug ? { Allow: false, Msg: 'DEBUG stays off' } : { Allow: true };
}
function certifiedName([pem]) {
  return new X509Certificate(Buffer.from(pem, 'base64')).subject;
}
const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  const answer = (decide, question) => response.end(JSON.stringify(decide(question)));
  if (request.url === '/Plugin.Activate') return answer(() => ({ Implements: ['authz'] }));
  const question = JSON.parse(text);
  const fault = faults[question.RequestHeaders?.['X-Fault']];
  if (fault) fault(answer, question, request.url === '/AuthZPlugin.AuthZRes');
  else answer(policy, question);
});
server.listen('/run/docker/plugins/${fixtureSocket}');
process.on('SIGTERM', () => process.exit(0));
`;

/** For `writePluginContext`. */
export const authorizationPlugin: PluginContextOptions = {
  script,
  config: { Interface: { Types: ['docker.authz/1.0'], Socket: fixtureSocket } },
};
