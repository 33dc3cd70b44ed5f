import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { sendDescriptors } from './send-descriptors.ts';

const receiver = `
import array, json, os, socket, sys
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
print('bound', flush=True)
text, parts, flags, _ = ear.recvmsg(4096, socket.CMSG_SPACE(4 * 253))
descriptors = array.array('i')
for level, kind, data in parts:
    assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
    descriptors.frombytes(data)
print(json.dumps([text.decode(), [os.read(each, 100).decode() for each in descriptors]]), flush=True)
`;

test('sendDescriptors() gives another process the text and open files', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'ob-send-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const place = join(directory, 'ear');
  const child = spawn('python3', ['-c', receiver, place], { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  const texts = ['one', 'two', 'three'];
  const descriptors = texts.map((text, index) => {
    const path = join(directory, String(index));
    writeFileSync(path, text);
    return openSync(path, 'r');
  });
  sendDescriptors(place, 'FDSTORE=1\nFDNAME=é', descriptors);
  const [line] = await once(lines, 'line');
  assert.deepEqual(JSON.parse(line), ['FDSTORE=1\nFDNAME=é', texts]);
});

test('sendDescriptors() fails without a receiver, and sends at most 253 descriptors', () => {
  assert.throws(() => sendDescriptors('/nonexistent/socket', 'x', [0]), { code: 'ENOENT' });
  assert.throws(() => sendDescriptors('/nonexistent/socket', 'x', []), RangeError);
  assert.throws(() => sendDescriptors('/nonexistent/socket', 'x', Array(254).fill(0)), RangeError);
});
