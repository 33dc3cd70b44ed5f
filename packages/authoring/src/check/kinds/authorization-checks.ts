/**
 * Checks of authorization plugins, which stand before every request of an engine's API.
 */
import { expect, skip } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import type { PluginAnswer } from '../session/plugin-caller.ts';
import { errorOf, fieldOf, showAnswer, textOf } from '../session/read-answer.ts';
import type { Check } from './check.ts';

const kind = 'authz';

/** A request of the API that reads only. */
const harmless = { RequestMethod: 'GET', RequestUri: '/v1.51/version', RequestHeaders: { Accept: '*/*' } };
const answered = { ResponseStatusCode: 200, ResponseHeaders: { 'Content-Type': 'application/json' } };
const hugeBytes = 1024 * 1024;

/** Checks of both methods. */
export const authorizationChecks: readonly Check[] = [
  {
    code: 'authorization/request',
    level: 'error',
    kind,
    title: 'AuthZReq answers status 200 with "Allow" as true or false, also for a request of nobody.',
    async run(session) {
      for (const by of [{}, { User: 'alice', UserAuthNMethod: 'TLS' }]) {
        requireDecision(await session.call('AuthZPlugin.AuthZReq', { ...by, ...harmless }));
      }
    },
  },
  {
    code: 'authorization/response',
    level: 'error',
    kind,
    title: 'AuthZRes answers status 200 with "Allow" as true or false, with and without a body.',
    async run(session) {
      for (const body of [undefined, base64('{"Version":"28"}'), base64('no JSON')]) {
        const more = body === undefined ? {} : { ResponseBody: body };
        requireDecision(await session.call('AuthZPlugin.AuthZRes', { ...harmless, ...answered, ...more }));
      }
    },
  },
  {
    code: 'authorization/denial',
    level: 'warning',
    kind,
    title: 'A denial has a message, which the user of the engine reads.',
    async run(session) {
      const requests = [
        {
          RequestMethod: 'POST',
          RequestUri: '/v1.51/containers/create',
          RequestBody: base64('{"HostConfig":{"Privileged":true}}'),
        },
        { RequestMethod: 'DELETE', RequestUri: '/v1.51/volumes/outboard-check' },
        harmless,
      ];
      let denials = 0;
      for (const request of requests) {
        const answer = await session.call('AuthZPlugin.AuthZReq', request);
        if (fieldOf(answer.json, 'Allow') === true) continue;
        denials += 1;
        const message = textOf(answer.json, 'Msg') || textOf(answer.json, 'Err');
        expect(
          message !== '',
          `${request.RequestMethod} ${request.RequestUri} is denied without "Msg": ${showAnswer(answer)}`,
        );
      }
      if (denials === 0) skip('the plugin allows all requests of the check');
    },
  },
  {
    code: 'authorization/stable',
    level: 'warning',
    kind,
    title: 'The same request gets the same decision, also when many ask at once.',
    async run(session) {
      const answers = await Promise.all(
        Array.from({ length: 16 }, () => session.call('AuthZPlugin.AuthZReq', harmless)),
      );
      const decisions = new Set(answers.map(({ json }) => fieldOf(json, 'Allow')));
      expect(decisions.size === 1, `one request got different decisions: ${[...decisions].join(' and ')}`);
    },
  },
  {
    code: 'authorization/bodies',
    level: 'error',
    kind,
    title: 'Bodies of 1 MiB, bodies that are no base64 and odd URIs get a decision or an error.',
    async run(session) {
      const bodies = [base64('x'.repeat(hugeBytes)), '%%%', base64('{"a":'), ''];
      const uris = [
        '/v1.51/../_ping',
        '/%zz',
        '',
        `/${'a'.repeat(8192)}`,
        '/v1.51/containers/json?filters={',
      ];
      const requests = [
        ...bodies.map((RequestBody) => ({ ...harmless, RequestMethod: 'POST', RequestBody })),
        ...uris.map((RequestUri) => ({ ...harmless, RequestUri })),
      ];
      for (const request of requests) {
        const answer = await session.call('AuthZPlugin.AuthZReq', request);
        const isDecided = typeof fieldOf(answer.json, 'Allow') === 'boolean' || errorOf(answer) !== undefined;
        expect(isDecided, `neither a decision nor an error: ${showAnswer(answer)}`);
      }
    },
  },
  {
    code: 'authorization/error-denies',
    level: 'error',
    kind,
    title: 'An answer with "Err" does not allow: with status 200 engines look at "Allow" alone.',
    async run(session: CheckSession) {
      for (const body of ['{"RequestMethod": ', '{"RequestMethod": 5}', '[]']) {
        const answer = await session.send({ path: '/AuthZPlugin.AuthZReq', body });
        const allowsError = fieldOf(answer.json, 'Allow') === true && textOf(answer.json, 'Err') !== '';
        expect(
          answer.status !== 200 || !allowsError,
          `a malformed request: ${showAnswer(answer)}: want "Allow": false`,
        );
      }
    },
  },
];

function requireDecision(answer: PluginAnswer): void {
  const isDecision = answer.status === 200 && typeof fieldOf(answer.json, 'Allow') === 'boolean';
  expect(
    isDecision,
    `${answer.method}: ${showAnswer(answer)}: want status 200 with {"Allow": true, "Msg": "", "Err": ""}`,
  );
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
