/**
 * Runs in the virtual machine: takes commands from its virtual serial port, one line of JSON each, and answers with their
 * output. Several run beside each other.
 *
 * Requests: `{ id, command, env?, directory? }` starts a program, `{ id, input }` writes to its standard input.
 * Answers: `{ ready: true }` first, then `{ id, output }` for both streams, and `{ id, code, signal }` at the end.
 */
import { spawn } from 'node:child_process';
import { createReadStream, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const portName = 'outboard';
const ports = '/sys/class/virtio-ports';
const port = readdirSync(ports).find(
  (name) => readFileSync(join(ports, name, 'name'), 'utf8').trim() === portName,
);
const descriptor = openSync(join('/dev', port), 'r+');
const running = new Map();

answer({ ready: true });
for await (const line of createInterface({ input: createReadStream('', { fd: descriptor }) })) {
  const request = JSON.parse(line);
  if (request.command === undefined) running.get(request.id)?.stdin.write(request.input);
  else start(request);
}

function start({ id, command: [file, ...args], env = {}, directory = '/' }) {
  const child = spawn(file, args, { cwd: directory, env: { ...process.env, ...env }, stdio: 'pipe' });
  running.set(id, child);
  // It may have ended before it read its input.
  child.stdin.on('error', () => undefined);
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (output) => answer({ id, output }));
  child.once('error', (error) => answer({ id, output: `${error.message}\n`, code: 127 }));
  child.once('close', (code, signal) => {
    running.delete(id);
    if (child.pid !== undefined) answer({ id, code, signal });
  });
}

/** The other side reads always, so that this does not wait for long. */
function answer(message) {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}
