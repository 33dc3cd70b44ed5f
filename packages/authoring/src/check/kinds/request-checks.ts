/**
 * Checks of the forms in which a request may arrive, right and hostile: the plugin answers, and survives.
 */
import { expect } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import type { PluginAnswer } from '../session/plugin-caller.ts';
import { errorOf, showAnswer } from '../session/read-answer.ts';
import type { Check } from './check.ts';
import { callWithArguments } from './representative-call.ts';

const hugeBytes = 8 * 1024 * 1024;
const concurrentCalls = 64;
const nesting = 2000;

/**
 * Headers that clients in use send; Docker sends no `Content-Type`. The Host of Docker before 20.10.26, the path of the
 * socket, is left out: Go's server refuses it.
 */
const clientHeaders: readonly (readonly [client: string, headers: Readonly<Record<string, string>>])[] = [
  ['Podman', { Host: 'plugin', 'Content-Type': 'application/vnd.docker.plugins.v1.1+json' }],
  ['curl', { Host: 'localhost', 'Content-Type': 'application/x-www-form-urlencoded', Accept: '*/*' }],
];

/** Checks with one call of the plugin's kind, sent in many ways. */
export const requestChecks: readonly Check[] = [
  {
    code: 'request/headers',
    level: 'error',
    title: 'Requests are answered alike with any or no Content-Type, and with any Host.',
    async run(session) {
      const usual = await usualAnswer(session);
      for (const [client, headers] of clientHeaders) {
        const answer = await sendUsual(session, { headers });
        expectSame(usual, answer, `with the headers of ${client}`);
      }
    },
  },
  {
    code: 'request/unknown-fields',
    level: 'error',
    title: 'Fields that the plugin does not know, as newer engines send them, are ignored.',
    async run(session) {
      const usual = await usualAnswer(session);
      const answer = await sendUsual(session, { added: { OutboardCheck: { Future: [1, null, {}] } } });
      expectSame(usual, answer, 'with an unknown field');
    },
  },
  {
    code: 'request/chunked',
    level: 'error',
    title: 'A body in chunks, of no stated length, is read as well.',
    async run(session) {
      const usual = await usualAnswer(session);
      const [method, document] = callWithArguments(session);
      const body = JSON.stringify(document);
      const half = Math.floor(body.length / 2);
      const chunks = [body.slice(0, half), body.slice(half)].filter((part) => part !== '');
      const encoded = chunks.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
      const head = `POST /${method} HTTP/1.1\r\nHost: plugin\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const status = await statusOf(session, `${head}${encoded}0\r\n\r\n`);
      expect(
        status === usual.status,
        `a chunked body is answered with status ${status}: want ${usual.status}`,
      );
    },
  },
  {
    code: 'request/http-1.0',
    level: 'warning',
    title: 'A request of HTTP/1.0 is answered.',
    async run(session) {
      const status = await statusOf(session, 'POST /Plugin.Activate HTTP/1.0\r\nContent-Length: 0\r\n\r\n');
      expect(status === 200, `HTTP/1.0: status ${status}: want 200`);
    },
  },
  {
    code: 'request/expect',
    level: 'warning',
    title: 'A client that waits for "100 Continue" before it sends the body gets it, or the answer.',
    async run(session) {
      const head =
        'POST /Plugin.Activate HTTP/1.1\r\nHost: plugin\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
      const status = await statusOf(session, head);
      expect([100, 200, 417].includes(status), `Expect: 100-continue: status ${status}: want 100`);
    },
  },
  {
    code: 'request/keep-alive',
    level: 'warning',
    title: 'Several requests go over one connection.',
    async run(session) {
      const one = 'POST /Plugin.Activate HTTP/1.1\r\nHost: plugin\r\nContent-Length: 0\r\n\r\n';
      const count = (answer: string) => answer.split('HTTP/1.1 200').length - 1;
      const answer = await session.exchange(`${one}${one}`, (text) => count(text) === 2);
      expect(count(answer) === 2, `${count(answer)} of 2 requests over one connection were answered`);
    },
  },
  {
    code: 'request/empty-body',
    level: 'warning',
    title: 'An empty body where arguments are required is refused: a repeated call of Docker may arrive so.',
    async run(session) {
      const [method] = callWithArguments(session);
      if (method === 'Plugin.Activate' || method === 'SecretProvider.GetSecret') return;
      const answer = await session.call(method);
      const isRefused = errorOf(answer) !== undefined || method.startsWith('AuthZ');
      expect(isRefused, `${method} without a body: ${showAnswer(answer)}: want status 400`);
    },
  },
  {
    code: 'request/malformed',
    level: 'error',
    title: 'A body that is no JSON is answered with an error.',
    async run(session) {
      const [method] = callWithArguments(session);
      for (const body of ['{"Name": "a', '{', '\u0000', 'Name=a', '{"Name": "a"} }']) {
        const answer = await session.send({ path: `/${method}`, body });
        // Go reads the first value only.
        const isFine = body.endsWith('} }') || method === 'Plugin.Activate' || errorOf(answer) !== undefined;
        const isDenied = method.startsWith('AuthZ') && !/"allow"\s*:\s*true/i.test(answer.text);
        expect(
          isFine || isDenied,
          `${method} with body ${JSON.stringify(body)}: ${showAnswer(answer)}: want status 400`,
        );
      }
    },
  },
  {
    code: 'request/wrong-types',
    level: 'error',
    title: 'Values of wrong types and deep nesting are answered, whatever the answer is.',
    async run(session) {
      const [method, document] = callWithArguments(session);
      const [name = 'Name'] = Object.keys(document);
      const values = [
        '5',
        '-1.5e300',
        'true',
        'null',
        '[]',
        '{"a": {}}',
        '"\\ud800"',
        `"${'x'.repeat(70_000)}"`,
      ];
      const bodies = [
        ...values.map((value) => `{"${name}": ${value}, "Opts": ${value}, "ID": ${value}}`),
        ...['[]', '5', '"text"', 'true', `{"__proto__": {"${name}": "a"}}`],
        `${'['.repeat(nesting)}${']'.repeat(nesting)}`,
        `${'{"a":'.repeat(nesting)}1${'}'.repeat(nesting)}`,
      ];
      for (const body of bodies) await session.send({ path: `/${method}`, body });
    },
  },
  {
    code: 'request/huge-body',
    level: 'error',
    title: 'A body of 8 MiB is answered or refused, and does no harm.',
    async run(session) {
      const [method, document] = callWithArguments(session);
      const body = JSON.stringify({ ...document, Padding: 'x'.repeat(hugeBytes) });
      const head = `POST /${method} HTTP/1.1\r\nHost: plugin\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
      // A refusal may close the connection before the body is read.
      await session.exchange(`${head}${body}`, (answer) => answer.includes('\r\n\r\n'));
      await usualAnswer(session);
    },
  },
  {
    code: 'request/cut-connection',
    level: 'error',
    title: 'A connection that ends within head or body, or before the answer, does no harm.',
    async run(session) {
      const [method, document] = callWithArguments(session);
      const body = JSON.stringify(document);
      const head = `POST /${method} HTTP/1.1\r\nHost: plugin\r\nContent-Length: ${body.length}\r\n\r\n`;
      for (const bytes of [
        head.slice(0, 20),
        head,
        `${head}${body.slice(0, 3)}`,
        `${head}${body}`,
        'no HTTP\r\n\r\n',
      ])
        await session.sendAndLeave(bytes);
      await usualAnswer(session);
    },
  },
  {
    code: 'request/concurrent',
    level: 'error',
    title: '64 requests at the same time are all answered.',
    async run(session) {
      const usual = await usualAnswer(session);
      const answers = await Promise.all(
        Array.from({ length: concurrentCalls }, () => sendUsual(session, {})),
      );
      const other = answers.find(({ status }) => status !== usual.status);
      expect(
        other === undefined,
        `of ${concurrentCalls} concurrent requests one is answered differently: ${other && showAnswer(other)}`,
      );
    },
  },
];

function usualAnswer(session: CheckSession): Promise<PluginAnswer> {
  return sendUsual(session, {});
}

function sendUsual(
  session: CheckSession,
  { headers, added }: { readonly headers?: Readonly<Record<string, string>>; readonly added?: object },
): Promise<PluginAnswer> {
  const [method, document] = callWithArguments(session);
  return session.send({ path: `/${method}`, body: JSON.stringify({ ...document, ...added }), headers });
}

function expectSame(usual: PluginAnswer, answer: PluginAnswer, how: string): void {
  const [want, got] = [showAnswer(usual), showAnswer(answer)];
  const isSame =
    usual.status === answer.status && (errorOf(usual) === undefined) === (errorOf(answer) === undefined);
  expect(isSame, `${answer.method} ${how}: ${got}: want, as without, ${want}`);
}

/** The status of a request of raw bytes. */
async function statusOf(session: CheckSession, bytes: string): Promise<number> {
  const answer = await session.exchange(bytes, (text) => /^HTTP\/1\.[01] \d{3}.*\r\n/.test(text));
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
}
