/**
 * A server for SFTP on the loopback address, as an ordinary process: rclone, which shows a directory to the one key that
 * is made for it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** A running server. */
export interface SftpServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** The directory that clients see as `/`. */
  readonly directory: string;
  /** Files for clients: `id_ed25519`, which has no passphrase, and `known_hosts`. */
  readonly clientDirectory: string;
  /** The content of a file, once the server has stored it: it does so after it was closed, and tells nobody. */
  stored(path: string): Promise<string>;
}

const user = 'outboard';

/** Start a server. @param home for its files; created if absent */
export async function startSftpServer(home: string): Promise<SftpServer> {
  const [directory, client] = [join(home, 'files'), join(home, 'client')];
  for (const path of [home, directory, client]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const [hostKey, clientKey] = [join(home, 'host-key'), join(client, 'id_ed25519')];
  for (const key of [hostKey, clientKey]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key]);
  }
  copyFileSync(`${clientKey}.pub`, join(home, 'authorized-keys'));
  const child = spawn(
    'rclone',
    [
      ...['serve', 'sftp', directory, '--addr', '127.0.0.1:0', '--user', user, '-v', '--config', '/dev/null'],
      ...['--key', hostKey, '--authorized-keys', join(home, 'authorized-keys')],
      ...['--cache-dir', join(home, 'cache'), '--vfs-cache-mode', 'writes', '--vfs-write-back', '0'],
      ...['--dir-cache-time', '0'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(child, 'exit');
  const port = await readPort(createInterface(child.stderr));
  const [type = '', key = ''] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ');
  writeFileSync(join(client, 'known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  return {
    port,
    user,
    directory,
    clientDirectory: client,
    stored: (path) => contentOf(join(directory, path)),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Wait for a file with content, for up to 30 s. */
async function contentOf(path: string): Promise<string> {
  const deadline = AbortSignal.timeout(30_000);
  for (;;) {
    const content = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (content !== '') return content;
    await delay(20, undefined, { signal: deadline });
  }
}

/** The log names the port that the system chose. @throws {Error} with the log of a server that ended */
async function readPort(lines: AsyncIterable<string>): Promise<number> {
  const log: string[] = [];
  for await (const line of lines) {
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
    log.push(line);
  }
  throw new Error(`rclone ended: ${log.join('\n')}`);
}
