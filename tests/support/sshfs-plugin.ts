/**
 * The example plugin volume-sshfs, which runs with the host's sshfs and ssh.
 */
import { examplePluginArchive } from './example-plugin.ts';
import { needsPrograms } from './packed-programs.ts';
import type { ConfigDocument } from './plugin-fixture.ts';
import type { SftpServer } from './sftp-server.ts';

/** For `{ skip: needsSshfs }`: false on a machine with sshfs, rclone as its server, and FUSE. */
export const needsSshfs = needsPrograms('/usr/bin/sshfs', '/usr/bin/ssh', '/usr/bin/rclone', '/dev/fuse');

/**
 * The plugin for `plugin create`.
 *
 * @param server whose key it uses
 * @param config keys that are added to its config
 */
export function sshfsPluginArchive(
  { clientDirectory }: Pick<SftpServer, 'clientDirectory'>,
  config: ConfigDocument = {},
): Buffer {
  const ssh = {
    Name: 'ssh',
    Description: '',
    Source: clientDirectory,
    Destination: '/root/.ssh',
    Type: 'bind',
    Options: ['rbind', 'ro'],
    Settable: ['source'],
  };
  return examplePluginArchive('volume-sshfs', {
    files: {
      // ssh asks for the home directory of its user.
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
      '/root/.ssh/.keep': '',
    },
    config: { Mounts: [ssh], ...config },
  });
}

/** Options of a volume on a server. @param directory on the server, such as `/data` */
export function sshfsVolume({ user, port }: SftpServer, directory: string): ReadonlyMap<string, string> {
  return new Map([
    ['sshcmd', `${user}@127.0.0.1:${directory}`],
    ['port', String(port)],
  ]);
}
