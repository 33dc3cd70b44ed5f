import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { parseAddress } from '../client/engine-address.ts';
import { EngineClient } from '../client/engine-client.ts';
import { json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';
import { createTestHost } from '../testing/test-host.ts';
import { doctor } from './doctor.ts';

const check = (Name: string, Status: string, Remedy = '') => ({
  Name,
  Status,
  Message: `${Name} seen`,
  Remedy,
});
const route = 'GET /outboard/v1/doctor';

describe('doctor', () => {
  test('prints the checks and what to do', async () => {
    const { code, out } = await run(['doctor'], {
      [route]: json({ Checks: [check('kernel', 'ok'), check('fuse', 'warn', 'modprobe fuse')] }),
    });
    assert.equal(code, 0);
    const lines = out.split('\n');
    assert.match(lines[1] ?? '', /^daemon +ok +answers at unix:/);
    assert.deepEqual(lines.slice(2), [
      'kernel    ok        kernel seen',
      'fuse      warn      fuse seen',
      '',
      'What to do:',
      '  fuse: modprobe fuse',
      '',
    ]);
  });

  test('fails when a check fails or has an unknown status', async () => {
    for (const status of ['fail', 'splendid']) {
      const { code, err } = await run(['doctor'], {
        [route]: json({ Checks: [check('kernel', status, 'x')] }),
      });
      assert.deepEqual([code, err], [1, '1 of 2 checks failed\n']);
    }
  });

  test('prints JSON', async () => {
    const { out } = await run(['doctor', '--format', 'json'], {
      [route]: json({ Checks: [check('kernel', 'ok')] }),
    });
    assert.equal(JSON.parse(out).Checks[1].Name, 'kernel');
  });

  test('refuses a Docker Engine', async () => {
    const { code, err } = await run(['doctor'], {});
    assert.deepEqual([code, err], [1, 'this daemon cannot check its host\n']);
  });

  test('does not wait for a daemon that hangs', async (context) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const { port } = server.address() as AddressInfo; // The server listens on TCP.
    const { signal } = new AbortController();
    const address = parseAddress(`tcp://127.0.0.1:${port}`);
    const client = new EngineClient({ address, signal, userAgent: 'test' });
    const asked = doctor(
      { client, host: createTestHost(), signal, version: '1', program: new Command() },
      { format: 'table', timeoutMs: 100 },
    );
    await assert.rejects(asked, {
      message: `the daemon at tcp://127.0.0.1:${port} did not answer within 0.1 s`,
    });
    await client.close();
  });

  test('does not check the own host in place of an unreachable one', async () => {
    const { code, err } = await run(['-H', 'tcp://127.0.0.1:1', 'doctor'], {});
    assert.equal(code, 1);
    assert.match(err, /^cannot connect to the daemon at tcp:/);
  });
});
