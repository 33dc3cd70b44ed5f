import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeMac, formatMac, isAddress, isCidr, isMac } from './network-addresses.ts';

describe('isCidr()', () => {
  for (const text of ['10.0.0.2/24', '0.0.0.0/0', '10.0.0.2/32', 'fd00::2/64', '::/0', '::1/128']) {
    test(`accepts ${text}`, () => assert.equal(isCidr(text), true));
  }
  for (const text of [
    '',
    '10.0.0.2',
    '10.0.0.2/',
    '10.0.0.2/33',
    '10.0.0.2/-1',
    '10.0.0.2/08',
    '10.0.0.2/2 4',
    '10.0.0.2/24/24',
    '10.0.0/24',
    '010.0.0.2/24',
    'fd00::2/129',
    'fe80::1%eth0/64',
    '/24',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.equal(isCidr(text), false));
  }
});

test('isAddress() accepts addresses without zone and prefix', () => {
  const texts = ['10.0.0.2', 'fd00::2', '::ffff:10.0.0.2', 'fe80::1%eth0', '10.0.0.2/24', '10.0.0.256', ''];
  assert.deepEqual(texts.map(isAddress), [true, true, true, false, false, false, false]);
});

describe('isMac()', () => {
  for (const [text, formatted] of [
    ['02:42:AC:11:00:02', '02:42:ac:11:00:02'],
    ['02-42-ac-11-00-02', '02:42:ac:11:00:02'],
    ['0242.ac11.0002', '02:42:ac:11:00:02'],
    ['02:42:ac:11:00:02:00:01', '02:42:ac:11:00:02:00:01'],
    [Array(20).fill('01').join(':'), Array(20).fill('01').join(':')],
  ] as const) {
    test(`accepts ${text}, which formatMac() writes in the usual form`, () => {
      assert.equal(isMac(text), true);
      assert.equal(formatMac(text), formatted);
    });
  }
  for (const text of [
    '',
    '02:42',
    '02:42:ac:11:00',
    '02:42-ac:11:00:02',
    '0242ac110002',
    '02:42:ac:11:00:0g',
    '2:42:ac:11:0:2',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.equal(isMac(text), false));
  }
});

test('encodeMac() returns the bytes in base64, and refuses other text', () => {
  assert.equal(encodeMac('6e:75:32:60:44:c9'), 'bnUyYETJ');
  assert.throws(() => encodeMac('6e:75'), {
    kind: 'invalid',
    message: /hardware address "6e:75": want 6, 8 or 20 bytes/,
  });
});
