import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findUser, userNames } from './container-users.ts';

const files = {
  passwd: 'root:x:0:0::/root:/bin/sh\nwww:x:33:33:::\n4711:x:5:6:::\nbroken:x:-1:0\n\ntoor:x:0:0:::',
  group: 'root:x:0:\nwww:x:33:www\nmedia:x:44:www,other\naudio:x:45:other\n',
};

describe('findUser()', () => {
  for (const [text, uid, gid, additionalGids] of [
    ['www', 33, 33, [33, 44]],
    ['www:media', 33, 44, []],
    ['www:7', 33, 7, []],
    ['33', 33, 33, [33, 44]],
    ['1000', 1000, 0, []],
    ['1000:media', 1000, 44, []],
    [':media', 0, 44, []],
    // Digits are looked up as a name first, as in Docker.
    ['4711', 5, 6, []],
  ] as const) {
    test(`finds ${text}`, () => assert.deepEqual(findUser(text, files), { uid, gid, additionalGids }));
  }

  for (const [text, message] of [
    ['nobody', /unable to find user nobody/],
    ['broken', /unable to find user broken/],
    ['-1', /unable to find user -1/],
    ['4294967295', /unable to find user 4294967295/],
    ['www:', undefined],
    ['www:none', /unable to find group none/],
    ['0x10', /unable to find user 0x10/],
  ] as const) {
    test(`${message === undefined ? 'takes' : 'refuses'} ${text}`, () => {
      if (message === undefined) assert.equal(findUser(text, files).gid, 33);
      else assert.throws(() => findUser(text, files), message);
    });
  }
});

test('userNames() returns the first name of an ID', () => {
  assert.deepEqual([...userNames(files.passwd)].sort(), [
    [0, 'root'],
    [33, 'www'],
    [5, '4711'],
  ]);
});
