/**
 * The client of SecretProvider 1.0. Errors of this client hold no part of a secret.
 * @see swarmkit manager/drivers/secrets.go and api/secrets (2023)
 */
import { codec, OutboardError } from '@outboard/oci';
import type { PluginClient } from '../../calls/plugin-client.ts';
import { callsOf, method } from '../driver-calls.ts';
import { secretCodec, secretRequestCodec } from './secret-documents.ts';
import type { SecretProvider } from './secret-provider.ts';

const rules = { GetSecret: { ...method, confidential: true } } as const;
const maxSecretBytes = 500 * 1024;

/** The secret provider that a plugin implements. The caller disposes the client. */
export function createSecretProvider(client: PluginClient): SecretProvider {
  const call = callsOf(client, 'SecretProvider', rules);
  return {
    async getSecret(request, given) {
      const fields = codec.encodeObject(secretRequestCodec, request);
      const secret = (await call('GetSecret', fields, given)).decode(secretCodec);
      const { length } = secret.value;
      if (length > 0 && length <= maxSecretBytes) return secret;
      const message = `SecretProvider.GetSecret: malformed reply: want 1 to ${maxSecretBytes} bytes, got ${length}`;
      throw new OutboardError('system', message, { code: 'plugin-reply-malformed' });
    },
  };
}
