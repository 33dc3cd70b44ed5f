import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { attachmentFile } from './attachment-file.ts';

function pathFor(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-attachment-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'attachment.json');
}

const loopback = '{"interfaceName":"lo","config":{"cniVersion":"1.0.0","name":"lo","type":"loopback"}';
const bridge =
  '{"interfaceName":"eth0","config":{"type":"bridge","ipam":{"ranges":[[{"subnet":"10.0.0.0/24"}]]}}';

for (const text of [
  '{"version":1,"bridge":"outboard0","steps":[]}',
  `{"version":1,"bridge":"outboard0","steps":[${loopback}},${bridge}}]}`,
  `{"version":1,"bridge":"outboard0","steps":[${loopback},"result":{"ips":[]}},${bridge},"result":"any"}]}`,
]) {
  test(`a record that was written earlier is read, and written with the same bytes: ${text}`, async (context) => {
    const path = pathFor(context);
    writeFileSync(path, text);
    const attachment = await attachmentFile.read(path);
    assert.ok(attachment !== undefined);
    rmSync(path);
    await attachmentFile.write(path, attachment);
    assert.equal(readFileSync(path, 'utf8'), text);
  });
}

for (const [title, text] of [
  ['of a later version', '{"version":2,"bridge":"outboard0","steps":[]}'],
  ['without steps', '{"version":1,"bridge":"outboard0"}'],
  ['with more than 16 steps', `{"version":1,"bridge":"b","steps":[${Array(17).fill(`${loopback}}`)}]}`],
  [
    'whose CNI plugin is a path',
    '{"version":1,"bridge":"b","steps":[{"interfaceName":"lo","config":{"type":"../sh"}}]}',
  ],
] as const) {
  test(`a record ${title} is damaged`, async (context) => {
    const path = pathFor(context);
    writeFileSync(path, text);
    await assert.rejects(attachmentFile.read(path), /^OutboardError: network record .* is damaged/);
  });
}
