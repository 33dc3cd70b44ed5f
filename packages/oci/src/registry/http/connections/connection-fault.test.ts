import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { fromCallback } from '@outboard/async';
import { createFakeClock } from '@outboard/async/testing';
import { startHostileRegistry } from '../../../testing/hostile-registry.ts';
import { expired, selfSigned, tlsKey, wrongName } from '../../../testing/tls-certificates.ts';
import { TransientFailure } from '../failures/retry.ts';
import type { Reach } from '../hosts/addresses.ts';
import { createConnections } from './connections.ts';

interface Question {
  readonly reach?: Reach;
  readonly verifyTls?: boolean;
  readonly authorities?: string | undefined;
  readonly isAllowed?: (address: string) => boolean;
}

async function ask(
  url: string,
  { reach = 'anywhere', verifyTls = true, authorities, isAllowed = () => false }: Question = {},
) {
  await using connections = createConnections({
    userAgent: 'test',
    clock: createFakeClock({ skipsSleep: true }),
    isAllowed,
  });
  const route = { verifyTls, authorities, reach, certificateDirectory: '/etc/outboard/certs.d/x' };
  const answer = await connections.exchange({ method: 'GET', url: new URL(url), headers: {}, route });
  answer.body.destroy();
  return answer.status;
}

async function failureOf(...question: Parameters<typeof ask>): Promise<{ kind: string; message: string }> {
  try {
    await ask(...question);
  } catch (error) {
    const { kind, message } = error instanceof TransientFailure ? error.error : (error as never);
    return { kind, message };
  }
  assert.fail('it answered');
}

/** A server that answers every connection in its own way. */
async function listen(answer: string): Promise<Server & AsyncDisposable & { readonly host: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => {}); // the client leaves
    socket.once('data', () => socket.end(answer));
  });
  await fromCallback((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return Object.assign(server, {
    host: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => fromCallback((done) => server.close(done)),
  });
}

/** A server with TLS that answers nothing. */
async function listenWithTls(options: TlsOptions): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createTlsServer({ key: tlsKey, ...options });
  // The client leaves, or is refused.
  server.on('tlsClientError', () => {}).on('secureConnection', (socket) => socket.on('error', () => {}));
  await fromCallback((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return { port, [Symbol.asyncDispose]: () => fromCallback((done) => server.close(done)) };
}

describe('a failed connection', () => {
  it('names the host that cannot be resolved', async () => {
    const { message } = await failureOf('https://no-such-host.invalid/v2/');
    assert.match(
      message,
      /host "no-such-host\.invalid" cannot be resolved: no (such host|name server answers)$/,
    );
  });

  it('names the address at which nothing listens', async () => {
    const server = await listen('');
    await server[Symbol.asyncDispose]();
    const { message } = await failureOf(`https://${server.host}/v2/`);
    assert.equal(
      message,
      `failed to do request: GET "https://${server.host}/v2/": connection refused: nothing listens at ${server.host}`,
    );
  });

  for (const [name, certificate, authorities, reason] of [
    [
      'an authority that this host does not trust, with the file for its certificate',
      selfSigned,
      undefined,
      /self-signed certificate: the server's certificate is of an authority that this host does not trust; put that authority's certificate in \/etc\/outboard\/certs\.d\/x\/ca\.crt$/,
    ],
    [
      'a certificate of another name',
      wrongName,
      wrongName,
      /the server's certificate is refused: Hostname\/IP does not match certificate's altnames: .*127\.0\.0\.1/,
    ],
    ['a certificate that has expired', expired, expired, /: the server's certificate has expired$/],
  ] as const) {
    it(`names ${name}`, async () => {
      await using server = await listenWithTls({ cert: certificate });
      const { kind, message } = await failureOf(`https://127.0.0.1:${server.port}/v2/`, { authorities });
      assert.equal(kind, 'unavailable');
      assert.match(message, reason);
    });
  }

  it('says that the server may require a client certificate', async () => {
    const options = { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' } as const;
    await using server = await listenWithTls({ cert: selfSigned, ...options });
    const { message } = await failureOf(`https://127.0.0.1:${server.port}/v2/`, { verifyTls: false });
    assert.match(
      message,
      /: the server at 127\.0\.0\.1:\d+ refused the connection by TLS \(handshake failure\): it may require a client certificate; put one with its key in \/etc\/outboard\/certs\.d\/x\/client\.cert and client\.key$/,
    );
  });

  for (const answer of ['HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-OpenSSH_9.2\r\n', 'x'.repeat(100)]) {
    it(`explains that a server does not use TLS, without OpenSSL's source lines (${answer.slice(0, 8)})`, async () => {
      await using server = await listen(answer);
      const { kind, message } = await failureOf(`https://${server.host}/v2/`);
      assert.equal(kind, 'unavailable');
      assert.match(message, /server gave HTTP response to HTTPS client: it does not use TLS; /);
      assert.doesNotMatch(message, /\.c:|error:|\n/);
    });
  }
});

describe('an address that a registry chose', () => {
  for (const reach of ['public', 'private'] as const) {
    for (const name of ['127.0.0.1', 'localhost', '0.0.0.0']) {
      it(`of this machine is refused to a ${reach} registry, as ${name}`, async () => {
        await using registry = await startHostileRegistry(() => assert.fail('asked'));
        const { port } = new URL(`http://${registry.host}`);
        const { kind, message } = await failureOf(`http://${name}:${port}/secret`, { reach });
        assert.equal(kind, 'forbidden');
        assert.match(
          message,
          new RegExp(`^refusing to connect to http://${name}:${port}/secret, an address that the `),
        );
        assert.match(message, /insecure-registries$/);
        assert.equal(registry.requests.length, 0);
      });
    }
  }

  it('may be of this machine if the registry is, or if the operator lists it', async () => {
    await using registry = await startHostileRegistry((_, response) => void response.end());
    const { port } = new URL(`http://${registry.host}`);
    assert.equal(await ask(`http://localhost:${port}/x`, { reach: 'loopback' }), 200);
    const isAllowed = (address: string) => address === '127.0.0.1';
    assert.equal(await ask(`http://127.0.0.1:${port}/x`, { reach: 'public', isAllowed }), 200);
    assert.equal(await ask(`http://localhost:${port}/x`, { reach: 'public', isAllowed }), 200);
  });

  for (const address of ['10.255.255.1', '[fd12::1]', '100.64.0.1', '[64:ff9b::10.0.0.1]']) {
    it(`${address} is refused to a public registry`, async () => {
      const { kind, message } = await failureOf(`http://${address}:1/`, { reach: 'public' });
      assert.equal(kind, 'forbidden');
      assert.match(message, /its address is private, and the registry's is not/);
    });
  }
});
