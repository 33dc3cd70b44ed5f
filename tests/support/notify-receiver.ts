/**
 * Receives the datagrams of sd_notify(3) on a socket, in place of a service manager. Node.js has no datagram unix
 * sockets; Python has.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const program = `
import json, socket, sys
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
print('"bound"', flush=True)
while True:
    print(json.dumps(ear.recv(65536).decode()), flush=True)
`;

export interface NotifyReceiver extends AsyncDisposable {
  /** Wait for a message with this pattern; messages before the call count too. */
  until(pattern: RegExp): Promise<string>;
}

/** @param path of the socket to make */
export async function startNotifyReceiver(path: string): Promise<NotifyReceiver> {
  const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const messages: string[] = [];
  lines.on('line', (line) => messages.push(String(JSON.parse(line))));
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
