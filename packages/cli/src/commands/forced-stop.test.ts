import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, empty, json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const inUse = 'plugin acme/p:v1 is in use: volume data (since 2026-08-01T12:00:00.000Z)';
const uses = {
  Uses: [
    { Kind: 'volume', Holder: 'data' },
    { Kind: 'mount', Holder: 'a/b c/web', Consumer: { ByHand: true } },
    { Kind: 'mount', Holder: 'data/x', Consumer: { Pid: 812, Program: 'podman', ByHand: false } },
    { Kind: 'mount', Holder: 'data/y', Consumer: { Pid: 813, ByHand: false }, Note: 'nothing uses it' },
    { Kind: 'client', Holder: 'backup' },
  ],
};

/** Answers without a body, as those of a forced stop. */
const broken =
  (header: string): Answer =>
  (response) =>
    response.writeHead(200, { 'Outboard-Breaks': header }).end();

for (const [words, route, command] of [
  [['disable'], 'POST /plugins/p/disable', 'outboard disable --force p'],
  [['rm'], 'DELETE /plugins/p', 'outboard rm --force p'],
] as const) {
  describe(`outboard ${words.join(' ')} of a plugin in use`, () => {
    test('names the commands that release it', async () => {
      const { code, out, err } = await run([...words, 'p'], {
        [route]: json({ message: inUse }, 409),
        'GET /outboard/v1/plugins/p/uses': json(uses),
      });
      assert.deepEqual([code, out], [1, '']);
      const unmount = "outboard volume unmount --holder web 'a/b c'";
      const next = [
        'outboard volume rm data',
        unmount,
        'outboard volume unmount --holder y data',
        `${command}, which breaks them`,
      ].join(', or ');
      assert.equal(err, `Error response from daemon: ${inUse}: release it with ${next}\n`);
    });

    test('tells with --force what that breaks', async () => {
      const users = ['volume data mounted by podman (pid 812)', 'volume \u001b[2J'];
      const { code, out, err } = await run([...words, '--force', 'p'], {
        [route]: broken(JSON.stringify(users).replace('\u001b', '\\u001b')),
      });
      assert.deepEqual([code, out], [0, 'p\n']);
      assert.equal(
        err,
        'WARNING: this breaks volume data mounted by podman (pid 812)\nWARNING: this breaks volume \\x1b[2J\n',
      );
    });

    test('prints as docker does when nothing uses it, or the daemon does not tell', async () => {
      for (const answer of [empty(200), broken('{'), broken('{}')]) {
        const { code, out, err } = await run([...words, '-f', 'p'], { [route]: answer });
        assert.deepEqual([code, out, err], [0, 'p\n', '']);
      }
    });
  });
}
