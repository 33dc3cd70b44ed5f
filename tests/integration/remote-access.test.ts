/**
 * The API over TCP with mutual TLS: accepted clients and names, and changes of the files during operation.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { request as secureRequest } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createAuthority, type TestCertificate } from '@outboard/oci/testing';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { daemonCertificate, type TlsFiles, tcpPort, writeTlsFiles } from '../support/tls-files.ts';

const dayMs = 86_400_000;
const client = { commonName: 'client', usage: 'client' } as const;

/** Result of a request: a status, or the error that ended the connection. */
type Outcome = number | string;

describe('the API over TLS', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let files: TlsFiles;
  let daemon: TestDaemon;
  let port: number;
  let good: TestCertificate;
  let revoked: TestCertificate;
  const other = createAuthority('another authority');

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    files = await writeTlsFiles(home);
    good = files.authority.issue(client);
    revoked = files.authority.issue(client);
    await writeFile(join(home, 'revoked.pem'), files.authority.revoke(revoked));
    daemon = await startDaemon({ home, args: [...files.args, '--tlscrl', join(home, 'revoked.pem')] });
    port = tcpPort(daemon.readyLine);
  });

  after(async () => {
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  const as = (identity: TestCertificate | undefined): ConnectionOptions => ({
    ca: files.authority.certificate,
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
  });

  /** `GET /_ping` on a connection of its own. */
  function ping(
    options: ConnectionOptions,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    const { promise, resolve } = settleLater<Outcome>();
    const where = { host: '127.0.0.1', port, servername: 'localhost', agent: false, path: '/_ping', headers };
    const call = secureRequest({ ...where, ...options }, (response) => {
      text(response).then(
        () => resolve(response.statusCode ?? 0),
        (error) => resolve(String(error)),
      );
    });
    call.on('error', (error) => resolve(String(error)));
    call.end();
    return promise;
  }

  test('serves a client with a certificate, under every name in the certificate of the daemon', async () => {
    assert.equal(await ping(as(good)), 200);
    for (const host of [
      'localhost',
      '127.0.0.1:1',
      '[::1]',
      'plugins.example.com',
      'a.hosts.example.com:2376',
    ]) {
      assert.equal(await ping(as(good), { Host: host }), 200, host);
    }
  });

  test('D10 refuses other names, and web pages, with any certificate', async () => {
    for (const headers of [
      { Host: 'evil.example' },
      { Host: 'a.b.hosts.example.com' },
      { Host: 'evil.example@localhost' },
      { Host: '127.0.0.2' },
      { Origin: 'https://localhost' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ]) {
      assert.equal(await ping(as(good), headers), 403, JSON.stringify(headers));
    }
  });

  test('D10 leaves the unix socket to clients that name any host, but not to web pages', async () => {
    const named = await callApi(daemon.socket, 'GET', '/_ping', { headers: { host: 'evil.example' } });
    assert.equal(named.status, 200);
    const page = await callApi(daemon.socket, 'GET', '/_ping', {
      headers: { origin: 'https://evil.example' },
    });
    assert.equal(page.status, 403);
  });

  test('D13 refuses certificates that do not prove a client', async () => {
    const { authority } = files;
    const refused: readonly [name: string, identity: TestCertificate | undefined][] = [
      ['none', undefined],
      ['of another authority', other.issue(client)],
      ['of another authority with the same name', createAuthority('outboard test authority').issue(client)],
      ['expired', authority.issue({ ...client, notAfter: new Date(Date.now() - 1000) })],
      ['not valid yet', authority.issue({ ...client, notBefore: new Date(Date.now() + dayMs / 2) })],
      ['for servers only', authority.issue({ ...client, usage: 'server' })],
      ['revoked', revoked],
    ];
    for (const [name, identity] of refused) {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const outcome = await ping({ ...as(identity), maxVersion });
        assert.equal(typeof outcome, 'string', `${name}, ${maxVersion}: ${outcome}`);
      }
    }
    assert.equal(await ping(as(good)), 200);
    await daemon.untilLogged(/TLS handshake failed/);
  });

  test('D13 refuses old versions of TLS', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    assert.match(String(await ping({ ...as(good), ...old })), /alert protocol version/);
    assert.equal(await ping({ ...as(good), maxVersion: 'TLSv1.2' }), 200);
  });

  test('D13 survives unusual names, plain HTTP, garbage and silent connections', async () => {
    const silent = connectPlain(port, '127.0.0.1');
    await once(silent, 'connect');
    for (const servername of ['', 'x'.repeat(200), 'evil.example', '*.example.com', 'xn--0']) {
      assert.equal(
        await ping({ ...as(good), servername, checkServerIdentity: () => undefined }),
        200,
        servername,
      );
    }
    for (const bytes of [
      'GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n',
      '\x16\x03\x01\xff\xff',
      '\0'.repeat(100),
    ]) {
      const socket = connectPlain(port, '127.0.0.1');
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      socket.resume();
      socket.end(bytes);
      await closed;
    }
    assert.equal(await ping(as(good)), 200);
    silent.destroy();
  });

  test('D13 does not renegotiate, and issues no session tickets', async () => {
    const socket = await handshake({ ...as(good), maxVersion: 'TLSv1.2' });
    assert.equal(socket.getTLSTicket(), undefined);
    const { promise, resolve } = settleLater<Error | null>();
    socket.on('error', resolve);
    socket.renegotiate({}, resolve);
    assert.ok((await promise) instanceof Error, 'the daemon renegotiated');
    socket.destroy();
  });

  function handshake(options: ConnectionOptions): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...options }, () =>
        resolve(socket),
      );
      socket.once('error', reject);
    });
  }
});

describe('SIGHUP', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let files: TlsFiles;
  let daemon: TestDaemon;
  let reloads = 0;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    files = await writeTlsFiles(home);
    await writeFile(join(home, 'daemon.json'), '{}');
    daemon = await startDaemon({ home, args: [...files.args, '--config', join(home, 'daemon.json')] });
  });

  after(async () => {
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  async function reload(): Promise<void> {
    reloads += 1;
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.untilLogged(new RegExp(`("configuration reloaded"[\\s\\S]*){${reloads}}`));
  }

  async function reloadInVain(reason: RegExp): Promise<void> {
    const logged = daemon.log().length;
    process.kill(daemon.pid, 'SIGHUP');
    const pattern = new RegExp(
      `[\\s\\S]{${logged}}[\\s\\S]*"cannot reload the configuration: it stays as it was"`,
    );
    await daemon.untilLogged(pattern);
    assert.match(daemon.log().slice(logged), reason);
  }

  /** Serial number of the daemon's certificate, as shown to an accepted client. */
  function serialShownTo(identity: TestCertificate, ca: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const { certificate: cert, key } = identity;
      const where = { host: '127.0.0.1', port: tcpPort(daemon.readyLine), servername: 'localhost' };
      const socket = connect({ ...where, ca, cert, key }, () => {
        const { serialNumber } = socket.getPeerCertificate();
        socket.write('GET /_ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
        text(socket).then((answer) => {
          if (answer.startsWith('HTTP/1.1 200 ')) resolve(serialNumber);
          else reject(new Error(`the daemon answered ${JSON.stringify(answer)}`));
        }, reject);
      });
      socket.on('error', reject);
    });
  }

  test('loads a new certificate and a new authority, and no longer serves clients of the old one', async () => {
    const next = createAuthority('next authority');
    const before = files.authority.issue(client);
    const first = await serialShownTo(before, files.authority.certificate);
    await files.writeDaemon(next.issue(daemonCertificate));
    await writeFile(files.paths.ca, next.certificate);
    assert.equal(await serialShownTo(before, files.authority.certificate), first);

    await reload();
    const second = await serialShownTo(next.issue(client), next.certificate);
    assert.notEqual(second, first);
    await assert.rejects(serialShownTo(before, next.certificate));
    assert.equal((await callApi(daemon.socket, 'GET', '/_ping')).status, 200);
  });

  test('closes idle connections, so that their clients authenticate again', async () => {
    await files.writeDaemon(files.authority.issue(daemonCertificate));
    await writeFile(files.paths.ca, files.authority.certificate);
    await reload();
    const { certificate: cert, key } = files.authority.issue(client);
    const ca = files.authority.certificate;
    const socket = connect({
      host: '127.0.0.1',
      port: tcpPort(daemon.readyLine),
      servername: 'localhost',
      ca,
      cert,
      key,
    });
    socket.write('GET /_ping HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await reload();
    await closed;
  });

  test('keeps the configuration in force when a file is wrong, and names the file', async () => {
    const mine = files.authority.issue(client);
    const shown = await serialShownTo(mine, files.authority.certificate);
    const current = files.authority.issue(daemonCertificate);
    const cases: readonly [file: keyof TlsFiles['paths'], content: string, reason: RegExp][] = [
      ['cert', '', /cert\.pem\\" \(tlscert\) holds no certificate: expected one in PEM/],
      ['cert', 'x'.repeat(1024 * 1024 + 1), /\(tlscert\): it is larger than 1048576 bytes/],
      [
        'cert',
        '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
        /\(tlscert\) holds a malformed certificate/,
      ],
      ['key', 'nothing', /\(tlskey\) holds no usable key: expected a private key in PEM, without passphrase/],
      ['key', current.certificate, /\(tlskey\) holds no usable key/],
      ['key', mine.key, /the key .*\(tlskey\) does not belong to the certificate .*\(tlscert\)/],
      // Otherwise Node.js would trust every public authority.
      ['ca', '', /\(tlscacert\) holds no certificate/],
      ['ca', mine.key, /\(tlscacert\) holds no certificate/],
      [
        'ca',
        files.authority.issueAuthority('middle').certificate,
        /\(tlscacert\) has no self-signed authority/,
      ],
      ['ca', current.certificate, /\(tlscacert\) has no self-signed authority/],
    ];
    for (const [file, content, reason] of cases) {
      await files.writeDaemon(current);
      await writeFile(files.paths.ca, files.authority.certificate);
      await writeFile(files.paths[file], content);
      await reloadInVain(reason);
    }
    assert.doesNotMatch(daemon.log(), /PRIVATE KEY/);
    assert.equal(await serialShownTo(mine, files.authority.certificate), shown);
    await files.writeDaemon(current);
    await writeFile(files.paths.ca, files.authority.certificate);
    await reload();
    assert.notEqual(await serialShownTo(mine, files.authority.certificate), shown);
  });

  test('keeps the configuration in force when the configuration file is wrong', async () => {
    await writeFile(join(home, 'daemon.json'), '{"bogus":1}');
    await reloadInVain(/unknown key \\"bogus\\"/);
    await writeFile(join(home, 'daemon.json'), '{}');
  });

  test('logs settings that need a restart', async () => {
    await writeFile(join(home, 'daemon.json'), '{"registry-timeout":61}');
    await reload();
    assert.match(daemon.log(), /"keys":\["registry-timeout"\],"msg":"changed settings wait for a restart"/);
    await writeFile(join(home, 'daemon.json'), '{}');
  });

  test('warns of a key that every user may read, and of a certificate that expired', async () => {
    const notAfter = new Date(Date.now() - dayMs / 2);
    await files.writeDaemon(files.authority.issue({ ...daemonCertificate, notAfter }));
    await chmod(files.paths.key, 0o644);
    await reload();
    assert.match(daemon.log(), /\(tlskey\) is open to every user of this host \(mode 0644\): chmod 0600/);
    assert.match(daemon.log(), /\(tlscert\) expired on .*: clients will refuse it/);
  });
});

test('D12 a daemon without its TLS files does not start', async (context) => {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const files = await writeTlsFiles(home);
  const args = [...files.args, '--tlscrl', join(home, 'missing.pem')];
  await assert.rejects(
    startDaemon({ home, args }),
    /outboard daemon: cannot read ".*missing\.pem" \(tlscrl\): there is no such file/,
  );
  const malformed = join(home, 'malformed.pem');
  await writeFile(malformed, 'nothing');
  await assert.rejects(
    startDaemon({ home, args: [...files.args, '--tlscrl', malformed] }),
    /outboard daemon: cannot use "[^"]*malformed\.pem" \(tlscrl\): [^:\n]+\n/,
  );
});

function settleLater<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
