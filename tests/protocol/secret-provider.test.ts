/** The typed client of secret providers, with a provider in a container. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { createSecretProvider, type SecretProvider } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { useProtocolPlugin } from './protocol-plugin.ts';

const plugin = useProtocolPlugin('secretprovider');
const method = 'SecretProvider.GetSecret';

async function findProvider(): Promise<SecretProvider> {
  return createSecretProvider((await plugin().driver('secretprovider')).client);
}

describe('a secret provider in a container', { skip: needsRoot }, () => {
  test('returns a secret, and gets all known properties in the request', async () => {
    const provider = await findProvider();
    const secret = await provider.getSecret({
      secretName: 'db',
      secretLabels: { a: 'b' },
      serviceId: 's1',
      serviceName: 'web',
      serviceHostname: 'web.example',
      serviceLabels: {},
      taskId: 't1',
      taskName: 'web.1',
      taskImage: 'web:1',
      nodeId: 'n1',
      endpoint: {
        mode: 1,
        ports: [{ name: 'http', protocol: 0, targetPort: 80, publishedPort: 8080, publishMode: 1 }, {}],
      },
    });
    assert.deepEqual(
      { value: secret.value.toString(), doNotReuse: secret.doNotReuse },
      {
        value: 'hidden',
        doNotReuse: true,
      },
    );
    const port = { Name: 'http', Protocol: 0, TargetPort: 80, PublishedPort: 8080, PublishMode: 1 };
    assert.deepEqual(await plugin().calls(), [
      {
        method,
        body: {
          SecretName: 'db',
          SecretLabels: { a: 'b' },
          ServiceID: 's1',
          ServiceName: 'web',
          ServiceHostname: 'web.example',
          ServiceLabels: {},
          TaskID: 't1',
          TaskName: 'web.1',
          TaskImage: 'web:1',
          NodeID: 'n1',
          ServiceEndpointSpec: { Mode: 1, Ports: [port, {}] },
        },
      },
    ]);
    await provider.getSecret({ secretName: 'db' });
    assert.deepEqual(await plugin().calls(), [{ method, body: { SecretName: 'db' } }]);
  });

  test('returns any bytes, up to 500 KiB', async () => {
    const provider = await findProvider();
    const value = Buffer.alloc(500 * 1024, 0xff);
    await plugin().behave(method, 'ok', { Value: value.toString('base64') });
    const secret = await provider.getSecret({ secretName: 'db' });
    assert.ok(secret.value.equals(value), 'want the bytes that the provider sent');
    assert.equal(secret.doNotReuse, false);
  });

  for (const [name, answer] of [
    ['no value', {}],
    ['an empty one', { Value: '' }],
    ['one of more than 500 KiB', { Value: Buffer.alloc(500 * 1024 + 1).toString('base64') }],
  ] as const) {
    test(`is refused with ${name}`, async () => {
      const provider = await findProvider();
      await plugin().behave(method, 'ok', answer);
      await assert.rejects(provider.getSecret({ secretName: 'db' }), {
        code: 'plugin-reply-malformed',
        message: /want 1 to 512000 bytes, got \d+$/,
      });
    });
  }

  const hidden = 'canary';
  const raw = (text: string) => Buffer.from(text).toString('base64');
  for (const [name, behaviour, answer] of [
    ['a value that is not base64', 'ok', { Value: `?${hidden}` }],
    ['a value that is not text', 'ok', { Value: [hidden] }],
    ['a flag that is not a boolean', 'ok', { Value: raw(hidden), DoNotReuse: hidden }],
    ['an error that is not text', 'ok', { Value: raw(hidden), Err: [hidden] }],
    ['broken JSON', 'raw', raw(`{"Value":"${hidden}`)],
    ['plain text', 'raw', raw(hidden)],
  ] as const) {
    test(`D16 does not leak the secret in any part of the error for ${name}`, async () => {
      const provider = await findProvider();
      await plugin().behave(method, behaviour, answer);
      await assert.rejects(provider.getSecret({ secretName: 'db' }), (error) => {
        const shown = inspect(error, { depth: 10, showHidden: true });
        assert.match(shown, /SecretProvider\.GetSecret/);
        for (const form of [hidden, raw(hidden)]) assert.equal(shown.includes(form), false, shown);
        return true;
      });
    });
  }
});
