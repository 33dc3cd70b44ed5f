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
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-certs-'));
    await mkdir(join(directory, 'a', 'reg.example:5000'), { recursive: true });
    await mkdir(join(directory, 'b', 'reg.example:5000'), { recursive: true });
    await writeFile(join(directory, 'a', 'reg.example:5000', 'ca.crt'), selfSigned);
    await writeFile(join(directory, 'a', 'reg.example:5000', 'client.key'), 'not for us');
    await writeFile(join(directory, 'b', 'reg.example:5000', 'other.crt'), wrongName);
    await mkdir(join(directory, 'a', 'broken.example'));
    await writeFile(join(directory, 'a', 'broken.example', 'ca.crt'), 'no certificate');
  });
  after(() => rm(directory, { recursive: true }));

  it('are read from all directories of the registry only', async () => {
    const directories = [join(directory, 'a'), join(directory, 'b'), join(directory, 'none')];
    assert.equal(await readAuthorities(directories, 'reg.example:5000'), `${selfSigned}\n${wrongName}`);
    assert.equal(await readAuthorities(directories, 'reg.example'), undefined);
    assert.equal(authoritiesFile(directories, 'reg.example'), join(directory, 'a', 'reg.example', 'ca.crt'));
  });

  it('are refused by name when they are malformed', async () => {
    await assert.rejects(readAuthorities([join(directory, 'a')], 'broken.example'), {
      kind: 'invalid',
      message: `invalid certificate of an authority in "${join(directory, 'a', 'broken.example', 'ca.crt')}": expected PEM`,
    });
  });

  it('are optional', async () => {
    await using registry = await startHostileRegistry((_, response) => {
      response.writeHead(200, { 'content-type': manifestType }).end('{}');
    }, selfSigned);
    await using under = createClientUnderTest({ certificateDirectories: [join(directory, 'none')] });
    await under.open(registry).resolve('v1');
  });
});
