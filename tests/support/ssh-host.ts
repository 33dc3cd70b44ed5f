/**
 * A host that SSH reaches, without a network: `ssh` starts OpenSSH's sshd for each connection and speaks to it through a pipe.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Hosts by their names in `ssh_config`. */
export interface SshHosts {
  /** Directory with a program `ssh` that reads their configuration; to be put first in PATH. */
  readonly programs: string;
}

/** Programs in the PATH of a host: content of scripts by name. */
export type HostPrograms = Readonly<Record<string, string>>;

/**
 * Make hosts. One with the name `stranger` besides has a key that no client knows, and one with the name `locked` takes none.
 * @param home directory for their files
 */
export function makeSshHosts(home: string, hosts: Readonly<Record<string, HostPrograms>>): SshHosts {
  const directory = join(home, 'ssh');
  mkdirSync(join(directory, 'programs'), { recursive: true, mode: 0o700 });
  for (const key of ['host-key', 'client-key']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(directory, key)]);
  }
  const [known, none] = [join(directory, 'known_hosts'), join(directory, 'none')];
  writeFileSync(none, '');
  const publicKey = execFileSync('cat', [join(directory, 'host-key.pub')], { encoding: 'utf8' });
  writeFileSync(known, `* ${publicKey}`);
  const all = { ...hosts, stranger: {}, locked: {} };
  const stanzas = Object.entries(all).map(([name, programs]) => {
    const config = writeServer(directory, name, programs);
    // sshd needs a directory in /run, which only it sees.
    const start = `mount -t tmpfs tmpfs /run && mkdir -m 0755 /run/sshd && exec /usr/sbin/sshd -i -e -f ${config} 2>>${directory}/log`;
    return [
      `Host ${name}`,
      `  ProxyCommand unshare --mount sh -c '${start}'`,
      `  UserKnownHostsFile ${name === 'stranger' ? none : known}`,
    ].join('\n');
  });
  const common = ['Host *', '  User root', `  IdentityFile ${directory}/client-key`, '  IdentitiesOnly yes'];
  const more = ['  GlobalKnownHostsFile /dev/null', '  StrictHostKeyChecking yes', '  IdentityAgent none'];
  writeFileSync(join(directory, 'config'), `${[...stanzas, ...common, ...more].join('\n')}\n`);
  writeScript(join(directory, 'programs', 'ssh'), `exec /usr/bin/ssh -F ${directory}/config "$@"`);
  return { programs: join(directory, 'programs') };
}

function writeServer(directory: string, name: string, programs: HostPrograms): string {
  const path = join(directory, `${name}-programs`);
  mkdirSync(path);
  symlinkSync('/bin/sh', join(path, 'sh'));
  for (const [program, script] of Object.entries(programs)) writeScript(join(path, program), script);
  const config = join(directory, `${name}-server`);
  const keys = name === 'locked' ? `${directory}/none` : `${directory}/client-key.pub`;
  const lines = [
    `HostKey ${directory}/host-key`,
    `AuthorizedKeysFile ${keys}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    `SetEnv PATH=${path}`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return config;
}

function writeScript(path: string, command: string): void {
  writeFileSync(path, `#!/bin/sh\n${command}\n`);
  chmodSync(path, 0o755);
}
