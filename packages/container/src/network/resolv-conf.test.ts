import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHosts, formatResolvConf } from './resolv-conf.ts';

test('formatResolvConf() keeps reachable name servers, and search domains', () => {
  const host = [
    '# by hand',
    '; another comment',
    'nameserver 127.0.0.53',
    ' nameserver 10.255.255.53 ',
    'nameserver ::1',
    'nameserver fe80::1%eth0',
    'nameserver',
    'nameserver 300.1.1.1',
    'search example.com lan',
    'options edns0 trust-ad',
    'sortlist 130.155.160.0',
  ].join('\n');
  assert.deepEqual(formatResolvConf(host, []), {
    text: 'nameserver 10.255.255.53\nsearch example.com lan\noptions edns0 trust-ad\n',
    nameServers: ['10.255.255.53'],
  });
});

test('formatResolvConf() returns no name servers when none is reachable', () => {
  const { text, nameServers } = formatResolvConf('nameserver 127.0.0.53\nsearch lan\n', []);
  assert.deepEqual(nameServers, []);
  assert.equal(text, 'search lan\n');
});

test('formatResolvConf() uses the name servers of the operator in place of the host\u2019s', () => {
  const { text } = formatResolvConf('nameserver 10.0.0.1\nsearch lan\n', ['10.9.9.9', '10.9.9.10']);
  assert.equal(text, 'nameserver 10.9.9.9\nnameserver 10.9.9.10\nsearch lan\n');
});

test('formatHosts() names loopback and the container itself', () => {
  assert.match(formatHosts('10.87.0.2', 'abc'), /^127\.0\.0\.1\tlocalhost$/m);
  assert.match(formatHosts('10.87.0.2', 'abc'), /^10\.87\.0\.2\tabc$/m);
});
