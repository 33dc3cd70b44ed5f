/**
 * `/_ping` and `/version`: the first requests of clients.
 */
import type { AnswerExpectation, ConformanceCase } from '../conformance-case.ts';
import { document } from '../expectations.ts';
import { atLeast, containing, optional } from '../shape.ts';

const pong: AnswerExpectation = {
  status: 200,
  body: { kind: 'text', contentType: 'text/plain; charset=utf-8', text: 'OK' },
  headers: {
    'cache-control': 'no-cache, no-store, must-revalidate',
    pragma: 'no-cache',
    'content-length': '2',
  },
};
const headPong: AnswerExpectation = { ...pong, headers: { ...pong.headers, 'content-length': '0' } };

export const pingCases: readonly ConformanceCase[] = [
  {
    id: 'ping.get',
    title: 'a ping',
    request: { line: 'GET /_ping' },
    expect: pong,
    versions: 'every',
  },
  {
    id: 'ping.head',
    title: 'a ping without a body',
    request: { line: 'HEAD /_ping' },
    expect: headPong,
    versions: 'every',
  },
  {
    id: 'version.get',
    title: 'the version',
    request: { line: 'GET /version' },
    expect: document(
      atLeast({
        Platform: atLeast({ Name: /^/ }),
        Components: containing(
          atLeast({
            Name: 'Engine',
            Version: /./,
            Details: atLeast({
              ApiVersion: '{apiVersion}',
              MinAPIVersion: '{minApiVersion}',
              GitCommit: /^/,
              GoVersion: /^/,
              Os: 'linux',
              Arch: /./,
              KernelVersion: /./,
              BuildTime: /^/,
              Experimental: /^(true|false)$/,
            }),
          }),
        ),
        Version: /./,
        ApiVersion: '{apiVersion}',
        MinAPIVersion: '{minApiVersion}',
        GitCommit: /^/,
        GoVersion: /^/,
        Os: 'linux',
        Arch: /^(amd64|arm64|arm|386|ppc64le|s390x|riscv64)$/,
        KernelVersion: /./,
        BuildTime: /^/,
        Experimental: optional(true),
      }),
    ),
    versions: 'every',
  },
];
