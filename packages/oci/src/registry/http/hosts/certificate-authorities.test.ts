import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  createClientUnderTest,
  manifestType,
  startHostileRegistry,
} from '../../../testing/hostile-registry.ts';
import { selfSigned, wrongName } from '../../../testing/tls-certificates.ts';
import { authoritiesFile, readAuthorities } from './certificate-authorities.ts';

describe('certificates of private authorities', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outboard-certs-'));
    await mkdir(join(folder, 'a', 'reg.example:5000'), { recursive: true });
    await mkdir(join(folder, 'b', 'reg.example:5000'), { recursive: true });
    await writeFile(join(folder, 'a', 'reg.example:5000', 'ca.crt'), selfSigned);
    await writeFile(join(folder, 'a', 'reg.example:5000', 'client.key'), 'not for us');
    await writeFile(join(folder, 'b', 'reg.example:5000', 'other.crt'), wrongName);
    await mkdir(join(folder, 'a', 'broken.example'));
    await writeFile(join(folder, 'a', 'broken.example', 'ca.crt'), 'no certificate');
  });
  after(() => rm(folder, { recursive: true }));

  it('are those of all folders of the registry, and of no other', async () => {
    const folders = [join(folder, 'a'), join(folder, 'b'), join(folder, 'none')];
    assert.equal(await readAuthorities(folders, 'reg.example:5000'), `${selfSigned}\n${wrongName}`);
    assert.equal(await readAuthorities(folders, 'reg.example'), undefined);
    assert.equal(authoritiesFile(folders, 'reg.example'), join(folder, 'a', 'reg.example', 'ca.crt'));
  });

  it('that are none are named', async () => {
    await assert.rejects(readAuthorities([join(folder, 'a')], 'broken.example'), {
      kind: 'invalid',
      message: `invalid certificate of an authority in "${join(folder, 'a', 'broken.example', 'ca.crt')}": expected PEM`,
    });
  });

  it('do not keep a registry without any from being used', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200, { 'content-type': manifestType }).end('{}');
    }, selfSigned);
    await using under = createClientUnderTest({ certificateDirectories: [join(folder, 'none')] });
    await under.open(registry).resolve('v1');
  });
});
