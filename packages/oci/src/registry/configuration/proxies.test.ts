import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProxies, maskUserInfo, proxiesOfEnvironment } from './proxies.ts';

const httpProxy = 'http://plain.lan:3128';
const httpsProxy = 'http://user:p%40ss@secure.lan:3129';

describe('proxyFor()', () => {
  const cases = [
    ['https://reg.example/', '', 'http://secure.lan:3129'],
    ['http://reg.example/', '', 'http://plain.lan:3128'],
    ['https://reg.example/', 'example', undefined],
    ['https://reg.example/', 'reg.example', undefined],
    ['https://REG.example/', 'Reg.Example', undefined],
    ['https://a.reg.example/', 'reg.example', undefined],
    ['https://reg.example/', '.reg.example', 'http://secure.lan:3129'],
    ['https://a.reg.example/', '.reg.example', undefined],
    ['https://a.reg.example/', '*.reg.example', undefined],
    ['https://badreg.example/', 'reg.example', 'http://secure.lan:3129'],
    ['https://reg.example/', 'other, reg.example:443', undefined],
    ['https://reg.example:5000/', 'reg.example:443', 'http://secure.lan:3129'],
    ['https://reg.example:5000/', 'reg.example', undefined],
    ['https://10.1.2.3/', '10.0.0.0/8', undefined],
    ['https://11.1.2.3/', '10.0.0.0/8', 'http://secure.lan:3129'],
    ['https://10.1.2.3:5000/', '10.1.2.3:5000', undefined],
    ['https://[fd00::1]/', 'fd00:0::1', undefined],
    ['https://[fd00::1]/', 'fd00::/8', undefined],
    ['https://[fd00::1]:5000/', '[fd00::1]:5000', undefined],
    ['https://reg.example/', '*', undefined],
    ['https://localhost:5000/', '', undefined],
    ['https://127.9.9.9/', '', undefined],
    ['https://[::1]/', '', undefined],
  ] as const;
  for (const [url, noProxy, want] of cases) {
    it(`sends ${url} ${want ? `to ${want}` : 'directly'} with no-proxy ${JSON.stringify(noProxy)}`, () => {
      const proxy = createProxies({ httpProxy, httpsProxy, noProxy }).proxyFor(new URL(url));
      assert.equal(proxy?.url.origin, want);
    });
  }

  it('takes user name and password out of the URL', () => {
    const proxy = createProxies({ httpsProxy }).proxyFor(new URL('https://reg.example/'));
    assert.equal(proxy?.url.href, 'http://secure.lan:3129/');
    assert.equal(proxy?.authorization, `Basic ${Buffer.from('user:p@ss').toString('base64')}`);
  });

  it('takes a proxy without a scheme for one of plain HTTP', () => {
    const proxies = createProxies({ httpsProxy: 'proxy.lan:3128' });
    assert.equal(proxies.proxyFor(new URL('https://reg.example/'))?.url.origin, 'http://proxy.lan:3128');
  });
});

describe('settings of proxies', () => {
  const wrong = [
    'socks5://u:hunter2@h',
    'http://',
    'http://u:hunter2@h/path',
    'http://u:hunter2%zz@h',
    'ftp://h',
  ];
  for (const text of wrong) {
    it(`refuses ${JSON.stringify(text)} without its password`, () => {
      assert.throws(
        () => createProxies({ httpProxy: text }),
        (error: Error) => /^invalid proxy "/.test(error.message) && !/hunter2/.test(error.message),
      );
    });
  }

  it('are shown without user name and password', () => {
    assert.deepEqual(createProxies({ httpProxy, httpsProxy, noProxy: 'a,b' }).shown, {
      httpProxy,
      httpsProxy: 'http://xxxxx:xxxxx@secure.lan:3129',
      noProxy: 'a,b',
    });
    assert.equal(maskUserInfo('user:p@ss@host:1'), 'xxxxx:xxxxx@host:1');
  });

  it('are read from the environment, in capitals first', () => {
    assert.deepEqual(
      proxiesOfEnvironment({
        HTTP_PROXY: 'a',
        http_proxy: 'b',
        https_proxy: 'c',
        NO_PROXY: '',
        no_proxy: 'd',
      }),
      { httpProxy: 'a', httpsProxy: 'c', noProxy: 'd' },
    );
  });
});
