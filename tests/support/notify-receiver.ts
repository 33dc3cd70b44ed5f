/**
 * Receives the datagrams of sd_notify(3) on a socket, in place of a service manager. Node.js has no datagram unix
 * sockets; Perl has, and is on every Debian.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Prints each message in hexadecimal digits: `perl-base` has no more modules than it needs. */
const program = `
  use strict; use Socket;
  $| = 1;
  socket my $ear, AF_UNIX, SOCK_DGRAM, 0 or die $!;
  bind $ear, sockaddr_un($ARGV[0]) or die $!;
  print unpack('H*', 'bound'), "\\n";
  while (1) {
    defined recv $ear, my $message, 65536, 0 or die $!;
    print unpack('H*', $message), "\\n";
  }
`;

export interface NotifyReceiver extends AsyncDisposable {
  /** Wait for a message with this pattern; messages before the call count too. */
  until(pattern: RegExp): Promise<string>;
}

/** @param path of the socket to make */
export async function startNotifyReceiver(path: string): Promise<NotifyReceiver> {
  const child = spawn('perl', ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const messages: string[] = [];
  lines.on('line', (line) => messages.push(Buffer.from(line, 'hex').toString()));
  const receiver: NotifyReceiver = {
    async until(pattern) {
      for (;;) {
        const found = messages.find((message) => pattern.test(message));
        if (found !== undefined) return found;
        const more = await Promise.race([once(lines, 'line').then(() => true), ended.then(() => false)]);
        if (!more) throw new Error(`no message like ${pattern}: ${JSON.stringify(messages)}`);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  await receiver.until(/^bound$/);
  return receiver;
}
