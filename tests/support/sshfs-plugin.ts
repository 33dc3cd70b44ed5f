/**
 * The example plugin volume-sshfs from source, as one file that runs with the host's Node.js, sshfs and ssh: its root
 * filesystem is small. `packed-plugin.test.ts` packs an example as users do.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needsPrograms } from './packed-programs.ts';
import { type PluginArchiveOptions, pluginArchive } from './plugin-archive.ts';
import type { SftpServer } from './sftp-server.ts';

/** For `{ skip: needsSshfs }`: false on a machine with sshfs, rclone as its server, and FUSE. */
export const needsSshfs = needsPrograms('/usr/bin/sshfs', '/usr/bin/ssh', '/usr/bin/rclone', '/dev/fuse');

const repository = fileURLToPath(new URL('../..', import.meta.url));
const example = join(repository, 'examples', 'volume-sshfs');

/** Keys of the example's config that the fixture keeps. */
interface ExampleConfig {
  readonly interface: object;
  readonly propagatedMount: string;
  readonly network: object;
  readonly linux: object;
}

/** The plugin for `plugin create`. @param server whose key it uses */
export function sshfsPluginArchive({ clientDirectory }: Pick<SftpServer, 'clientDirectory'>): Buffer {
  const text = readFileSync(join(example, 'config.json'), 'utf8');
  const config: ExampleConfig = JSON.parse(text);
  const ssh = {
    Name: 'ssh',
    Description: '',
    Source: clientDirectory,
    Destination: '/root/.ssh',
    Type: 'bind',
    Options: ['rbind', 'ro'],
    Settable: ['source'],
  };
  const options: PluginArchiveOptions = {
    script: bundle(),
    files: {
      // ssh asks for the home directory of its user.
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
      [`${config.propagatedMount}/.keep`]: '',
      '/root/.ssh/.keep': '',
    },
    config: {
      Interface: config.interface,
      PropagatedMount: config.propagatedMount,
      Network: config.network,
      Linux: config.linux,
      Mounts: [ssh],
    },
  };
  return pluginArchive(options);
}

/** Options of a volume on a server. @param directory on the server, such as `/data` */
export function sshfsVolume({ user, port }: SftpServer, directory: string): ReadonlyMap<string, string> {
  return new Map([
    ['sshcmd', `${user}@127.0.0.1:${directory}`],
    ['port', String(port)],
  ]);
}

function bundle(): string {
  const program = join(repository, 'node_modules', 'esbuild', 'bin', 'esbuild');
  const args = ['--bundle', '--platform=node', '--format=esm', '--conditions=outboard-source'];
  return execFileSync(program, [join(example, 'src', 'main.ts'), ...args], {
    encoding: 'utf8',
    // While it is still a script it looks for `node` in PATH: this Node.js comes first.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  });
}
