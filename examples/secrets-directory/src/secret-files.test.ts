import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SecretRequest } from '@outboard/sdk';
import { SecretFiles } from './secret-files.ts';

function request(secretName: string, serviceName = ''): SecretRequest {
  const service = { serviceId: '', serviceName, serviceHostname: '', serviceLabels: new Map() };
  const task = { taskId: '', taskName: '', taskImage: '', nodeId: '', endpointMode: 0, ports: [] };
  return { secretName, secretLabels: new Map(), ...service, ...task };
}

test('SecretFiles finds files of a service and of all, and nothing else', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-secrets-'));
  context.after(() => rm(directory, { recursive: true }));
  const root = join(directory, 'secrets');
  await mkdir(join(root, 'web'), { recursive: true });
  await writeFile(join(directory, 'outside'), 'x');
  await writeFile(join(root, 'key'), 'all');
  await writeFile(join(root, 'web', 'key'), 'web');
  await writeFile(join(root, '.hidden'), 'x');
  await writeFile(join(root, 'large'), Buffer.alloc(500 * 1024 + 1));
  await symlink('../outside', join(root, 'link'));
  const secrets = new SecretFiles(root);
  const textOf = async (name: string, service?: string) => {
    const found = await secrets.getSecret(request(name, service));
    return found === undefined ? undefined : Buffer.from(found.value).toString();
  };
  assert.deepEqual(
    [await textOf('key', 'web'), await textOf('key', 'db'), await textOf('key')],
    ['web', 'all', 'all'],
  );
  for (const name of ['none', 'web', '../outside', '.hidden', '.', '..', 'web/key', 'key\0'])
    assert.equal(await textOf(name), undefined, name);
  assert.equal(await textOf('key', '..'), 'all');
  await assert.rejects(textOf('link'), /ELOOP/);
  await assert.rejects(textOf('large'), /exceeds 512000 bytes/);
});
