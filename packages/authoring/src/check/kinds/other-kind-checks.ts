/**
 * Checks of the kinds with one or two methods: secret providers and metrics collectors.
 */
import { expect } from '../session/check-failure.ts';
import { errorOf, fieldOf, showAnswer, textOf } from '../session/read-answer.ts';
import type { Check } from './check.ts';

const maxSecretBytes = 500 * 1024;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Checks of secret providers. */
export const secretChecks: readonly Check[] = [
  {
    code: 'secret/answer',
    level: 'error',
    kind: 'secretprovider',
    title: 'GetSecret answers with a value in base64 of at most 500 KiB, or with an error.',
    async run(session) {
      const requests = [
        { SecretName: 'outboard-check-nothing' },
        {
          SecretName: 'outboard-check-nothing',
          SecretLabels: { a: 'b' },
          ServiceName: 's',
          TaskID: 't',
          NodeID: 'n',
        },
        { SecretName: '../../etc/shadow' },
        { SecretName: '' },
        {},
      ];
      for (const request of requests) {
        const answer = await session.call('SecretProvider.GetSecret', request);
        if (errorOf(answer) !== undefined) continue;
        const value = textOf(answer.json, 'Value');
        const isValue = value !== '' && base64.test(value) && value.length <= (maxSecretBytes * 4) / 3 + 4;
        // The value may be a secret: it is not shown.
        expect(
          isValue,
          `SecretProvider.GetSecret of ${JSON.stringify(request)}: want "Value" in base64, or "Err"`,
        );
      }
    },
  },
  {
    code: 'secret/path',
    level: 'error',
    kind: 'secretprovider',
    title: 'A name such as "../../etc/passwd" gives no file of the plugin.',
    async run(session) {
      for (const SecretName of ['../../../../etc/passwd', '/etc/passwd', '..%2f..%2fetc/passwd']) {
        const answer = await session.call('SecretProvider.GetSecret', { SecretName });
        const value = Buffer.from(textOf(answer.json, 'Value'), 'base64').toString();
        expect(
          !value.includes('root:'),
          `SecretProvider.GetSecret of ${JSON.stringify(SecretName)} gives a file of the plugin`,
        );
      }
    },
  },
];

/** Checks of metrics collectors. */
export const metricsChecks: readonly Check[] = [
  {
    code: 'metrics/start-stop',
    level: 'error',
    kind: 'metricscollector',
    title: 'StartMetrics and StopMetrics succeed, also when they are repeated: each restart starts again.',
    async run(session) {
      for (const method of ['StartMetrics', 'StartMetrics', 'StopMetrics', 'StopMetrics', 'StartMetrics']) {
        const answer = await session.call(`MetricsCollector.${method}`);
        const error = textOf(answer.json, 'Err');
        expect(
          answer.status === 200 && error === '',
          `MetricsCollector.${method}: ${showAnswer(answer)}: want status 200`,
        );
        expect(
          fieldOf(answer.json, 'Error') === undefined,
          `MetricsCollector.${method}: the error is in "Err", not "Error"`,
        );
      }
    },
  },
];
