/**
 * The registry that both engines pull from: Debian's docker-registry on a loopback port, with its data beside theirs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { makeDirectories } from './make-directories.ts';

/** A running registry. */
export interface BenchRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Delete all content. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Start a registry whose content is below a directory; resolves when it listens. */
export async function startRegistry(directory: string): Promise<BenchRegistry> {
  await makeDirectories(directory);
  const port = await freePort();
  const configuration = join(directory, 'config.yml');
  await writeFile(
    configuration,
    [
      'version: 0.1',
      'log: { level: error, accesslog: { disabled: true } }',
      `storage: { filesystem: { rootdirectory: ${join(directory, 'data')} }, delete: { enabled: true } }`,
      `http: { addr: "127.0.0.1:${port}" }`,
      '',
    ].join('\n'),
  );
  const child = spawn('docker-registry', ['serve', configuration], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    host: `127.0.0.1:${port}`,
    clear: () => rm(join(directory, 'data'), { recursive: true, force: true }),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
