import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../digests/digest.ts';
import { uploadLocation, withDigest } from '../blobs/upload-location.ts';
import { followLocation } from './redirect.ts';

const secure = new URL('https://registry.example/v2/a/b/blobs/x');
const plain = new URL('http://127.0.0.1:5000/v2/a/b/blobs/x');

describe('followLocation()', () => {
  const followed = [
    [secure, '/elsewhere?sig=1', 'https://registry.example/elsewhere?sig=1'],
    [secure, 'https://cdn.example/x?sig=a%2Fb', 'https://cdn.example/x?sig=a%2Fb'],
    [secure, '//cdn.example/x', 'https://cdn.example/x'],
    [secure, 'http://registry.example/x', 'https://registry.example/x'],
    [plain, 'http://cdn.example/x', 'http://cdn.example/x'],
    [plain, 'https://cdn.example/x#part', 'https://cdn.example/x'],
  ] as const;
  for (const [from, location, want] of followed) {
    it(`R09 follows ${location} from ${from.protocol}`, () => {
      assert.equal(followLocation(from, location).href, want);
    });
  }

  const refused = [
    [secure, 'http://cdn.example/x', /it would leave HTTPS/],
    [secure, 'file:///etc/passwd', /want http: or https:/],
    [secure, 'data:text/plain,x', /want http: or https:/],
    [secure, 'unix:/run/docker.sock', /want http: or https:/],
    [secure, 'https://169.254.169.254/latest', /link-local/],
    [plain, 'http://169.254.169.254/latest/meta-data', /link-local/],
    [plain, 'http://0xa9fea9fe/latest', /link-local/],
    [plain, 'http://2852039166/', /link-local/],
    [plain, 'http://[fe80::1]/', /link-local/],
    [plain, 'http://[::ffff:169.254.169.254]/', /link-local/],
    [secure, 'https://user:secret@cdn.example/', /user name/],
    [secure, undefined, /redirect to nowhere/],
    [secure, '', /redirect to nowhere/],
    [secure, 'https://', /redirect to nowhere/],
    [secure, `/${'x'.repeat(20_000)}`, /redirect to nowhere/],
  ] as const;
  for (const [from, location, want] of refused) {
    it(`R10 refuses ${String(location).slice(0, 60)} from ${from.protocol}`, () => {
      assert.throws(() => followLocation(from, location), want);
    });
  }

  it('R10 shows no signature or password in the error', () => {
    assert.throws(
      () => followLocation(secure, 'http://user:hunter2@cdn.example/x?sig=hunter3'),
      (error) => error instanceof Error && !/hunter/.test(error.message),
    );
  });
});

describe('uploadLocation()', () => {
  const from = new URL('https://registry.example:5000/v2/a/b/blobs/uploads/');
  it('resolves a relative location', () => {
    assert.equal(
      uploadLocation(from, '/v2/a/b/blobs/uploads/1?_state=x').href,
      'https://registry.example:5000/v2/a/b/blobs/uploads/1?_state=x',
    );
  });
  it('reads http: as https: if the registry names itself', () => {
    assert.equal(
      uploadLocation(from, 'http://registry.example:5000/up/1?s=2').href,
      'https://registry.example:5000/up/1?s=2',
    );
  });
  it('R16 refuses plain HTTP at another host', () => {
    assert.throws(() => uploadLocation(from, 'http://registry.example/up/1'), { kind: 'forbidden' });
  });
  it("withDigest() keeps the registry's query byte for byte", () => {
    const digest = digestOf(Buffer.from('x'));
    const url = withDigest(new URL('https://r.example/up?_state=a%20b+c/d%2F'), digest);
    assert.equal(url.search, `?_state=a%20b+c/d%2F&digest=${encodeURIComponent(digest)}`);
    assert.equal(
      withDigest(new URL('https://r.example/up'), digest).search,
      `?digest=${encodeURIComponent(digest)}`,
    );
  });
});
