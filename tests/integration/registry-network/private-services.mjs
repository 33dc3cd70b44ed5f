/**
 * Runs in a network namespace where 203.0.113.5 is a public address and 10.9.9.9 a private one: a registry at the
 * public address directs its client to private services. Prints one line of JSON per case. Argument: the directory with
 * `ca.pem`, `cert.pem` and `key.pem`, where the directories of authorities are made too.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRegistryClient, digestOf } from '@outboard/oci';

const [directory = '/'] = process.argv.slice(2);
const publicAddress = '203.0.113.5';
const privateAddress = '10.9.9.9';
const secret = 'words of a private service';

const read = (name) => readFile(join(directory, name));
const tls = { cert: await read('cert.pem'), key: await read('key.pem') };
let asked = 0;
const answer = (_request, response) => {
  asked += 1;
  response.writeHead(500).end(secret);
};
/** Host of each service, by the name that the registry gives for it. */
const services = new Map();
for (const [name, address] of [
  ['127.0.0.1', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
  [privateAddress, privateAddress],
]) {
  services.set(name, await listen(createTlsServer(tls, answer), address));
}

/** Targets that the registry directs to. */
let lead = (_request, response) => response.end();
const registryPort = await listen(
  createTlsServer(tls, (request, response) => lead(request, response)),
  publicAddress,
);
const localPort = await listen(
  createServer((request, response) => lead(request, response)),
  '127.0.0.1',
);

// The authority of the registry under its host and port, as an operator installs it.
const certificateDirectory = join(directory, 'certs.d');
const ownDirectory = join(certificateDirectory, `${publicAddress}:${registryPort}`);
await mkdir(ownDirectory, { recursive: true });
await writeFile(join(ownDirectory, 'ca.crt'), await read('ca.pem'));

const content = Buffer.from('content');
const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.length };
const ways = {
  redirect: {
    lead: (to) => (_request, response) => response.writeHead(307, { location: `${to}/x` }).end(),
    act: (repository) => repository.openBlob(blob),
  },
  'token server': {
    lead: (to) => (_request, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${to}/token"` }).end(),
    act: (repository) => repository.resolve('v1'),
  },
  upload: {
    lead: (to) => (request, response) => {
      if (request.method === 'POST') response.writeHead(202, { location: `${to}/up` }).end();
      else response.writeHead(404).end();
    },
    act: (repository) => repository.pushBlob(blob, async () => Readable.from([content])),
  },
};

for (const [registry, insecureRegistries] of [
  [`${publicAddress}:${registryPort}`, []],
  [`${publicAddress}:${registryPort}`, ['10.0.0.0/8']],
  [`127.0.0.1:${localPort}`, []],
]) {
  const client = createRegistryClient({
    insecureRegistries,
    userAgent: 'test',
    certificateDirectories: [certificateDirectory],
    retry: { attempts: 1, baseDelayMs: 1, maxDelayMs: 1, maxIdleMs: 1 },
  });
  for (const [way, { lead: leadTo, act }] of Object.entries(ways)) {
    for (const [name, port] of services) {
      lead = leadTo(`https://${name}:${port}`);
      asked = 0;
      const repository = client.repository({ domain: registry, path: 'acme/plugin' }, 'pull,push');
      const error = await act(repository).catch((failure) => failure);
      const at = registry.startsWith('127.') ? 'loopback' : 'public';
      const { kind, message } = error;
      console.log(
        JSON.stringify({
          at,
          listed: insecureRegistries.length > 0,
          way,
          name,
          asked,
          kind,
          message,
          secret,
        }),
      );
    }
  }
}
process.exit(0);

async function listen(server, address) {
  await new Promise((resolve) => server.listen(0, address, resolve));
  return server.address().port;
}
