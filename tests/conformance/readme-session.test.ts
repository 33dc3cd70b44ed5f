/**
 * The sessions in the README: every command is run, and must print what the README shows.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of one session, each with the output that the README shows for it. */
async function readSession(name: string): Promise<readonly Step[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, block] =
    new RegExp(`<!-- session: ${name} -->\n\`\`\`console\n(.*?)\n\`\`\``, 's').exec(readme) ?? [];
  assert.ok(block !== undefined, `the README has a session named ${name}`);
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n');
      return { command, output: output.join('\n') };
    });
}

/** Drop what differs from run to run: IDs, digests, column widths, and how often progress was shown on the way. */
function normalise(output: string): string {
  return output
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:DIGEST')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .split('\n')
    .filter((line) => !/^ID: (?!Complete$|Upload complete$)/.test(line))
    .map((line) => line.replaceAll(/ {2,}/g, '  ').trimEnd())
    .join('\n')
    .trim();
}

describe('the sessions in the README', () => {
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;

  before(async () => {
    registry = await startRegistry();
    home = await makeDaemonHome();
    daemon = await startDaemon({ home: home.home });
  });
  after(async () => {
    await daemon.end('SIGTERM');
    await home.remove();
    await registry.stop();
  });

  async function run(command: string): Promise<string> {
    const here = command
      .replaceAll('localhost:5000', registry.host)
      .replaceAll('/tmp/volume-local', join(home.home, 'volume-local'))
      .replace(/^outboard /, `${join(root, 'bin', 'outboard')} `);
    const child = spawn('bash', ['-c', `exec 2>&1; ${here}`], {
      cwd: root,
      env: {
        ...process.env,
        DOCKER_CONFIG: home.home,
        DOCKER_HOST: `unix://${daemon.socket}`,
        OUTBOARD_HOST: `unix://${daemon.socket}`,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return (await text(child.stdout)).replaceAll(registry.host, 'localhost:5000');
  }

  for (const name of ['docker', 'outboard']) {
    it(`prints what the README shows, line by line (${name})`, async () => {
      for (const { command, output } of await readSession(name)) {
        if (command.startsWith('export ')) continue; // the test's own daemon listens elsewhere
        assert.equal(normalise(await run(command)), normalise(output), `$ ${command}`);
      }
    });
  }
});
