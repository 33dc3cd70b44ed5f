/**
 * A machine outside of the host: a network namespace at a link of its own, without a route to bridges.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

export interface ExternalNetwork {
  /** The host's address on the link. */
  readonly hostAddress: string;
  /** Address of a server that answers each connection with the address of the client. */
  readonly address: string;
  readonly port: number;
}

const answerWithPeer = `
require('node:net')
  .createServer((socket) => socket.end(socket.remoteAddress + '\\n'))
  .listen(0, process.argv[1], function () { console.log(this.address().port) });
`;

/** Create the network; it is removed at the end of the test. */
export async function openExternalNetwork(context: TestContext): Promise<ExternalNetwork> {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-outside-'));
  const namespace = join(directory, 'netns');
  const link = `obx${randomBytes(4).toString('hex')}`;
  const prefix = `10.${randomInt(240, 250)}.${randomInt(256)}`;
  const [hostAddress, address] = [`${prefix}.1`, `${prefix}.2`];
  writeFileSync(namespace, '');
  run('unshare', `--net=${namespace}`, 'true');
  context.after(() => {
    // The other end of the link is in the namespace and is removed with it.
    run('ip', 'link', 'delete', link);
    run('umount', namespace);
    rmSync(directory, { recursive: true });
  });
  run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  run('ip', 'address', 'add', `${hostAddress}/30`, 'dev', link);
  run('ip', 'link', 'set', link, 'up');
  const inside = ['nsenter', `--net=${namespace}`] as const;
  run(...inside, 'ip', 'address', 'add', `${address}/30`, 'dev', 'eth0');
  run(...inside, 'ip', 'link', 'set', 'eth0', 'up');
  const server = spawn(
    'nsenter',
    [`--net=${namespace}`, process.execPath, '--eval', answerWithPeer, address],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(server, 'exit');
  context.after(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  const [line] = await once(createInterface(server.stdout), 'line');
  return { hostAddress, address, port: Number(line) };
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}
