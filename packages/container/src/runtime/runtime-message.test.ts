import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRuntimeMessage } from './runtime-message.ts';

for (const [name, output, message] of [
  [
    'the error record of runc with its quotes',
    'time="2026-01-31T10:00:00Z" level=warning msg="not this"\ntime="x" level=error msg="exec: \\"/x\\": no such file"\n',
    'exec: "/x": no such file',
  ],
  ['a message of one bare word', 'time="x" level=fatal msg=EPERM', 'EPERM'],
  [
    'plain text of crun',
    'executable file `x` not found: No such file or directory\n',
    'executable file `x` not found: No such file or directory',
  ],
  ['the last of several lines', 'first\n\nlast\n', 'last'],
  ['text with control characters on one line', 'a\tb\u001b[31m', 'a b [31m'],
  ['nothing', '\n', ''],
] as const) {
  test(`readRuntimeMessage() finds ${name}`, () => {
    assert.equal(readRuntimeMessage(output), message);
  });
}
