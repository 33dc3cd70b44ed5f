/**
 * A real registry for tests: the `docker-registry` program (Debian package of that name, distribution 2.8) on a free
 * port of 127.0.0.1, with its storage in a directory of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A running registry. */
export interface TestRegistry {
  /** `127.0.0.1:PORT`; plain HTTP unless it has a certificate. */
  readonly host: string;
  /** Directory of its content. */
  readonly directory: string;
  /** End it, and remove the directory unless the caller gave it. */
  stop(): Promise<void>;
}

/** Options of a registry. */
export interface TestRegistryOptions {
  /** Require Basic authentication with `registryPassword`. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Require bearer tokens of this server. */
  readonly tokens?: TokenServerFacts;
  /** Serve HTTPS with this certificate and key, and demand certificates of this authority of clients if there is one; PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientAuthority?: string };
  /** Cache the registry at this URL, and take no pushes. */
  readonly cacheOf?: string;
  /** Directory of its content, which stays; default a temporary directory that `stop()` removes. */
  readonly directory?: string;
  /** Command that runs it elsewhere, such as in the network of another process; default: in this one's. */
  readonly within?: readonly string[];
}

/** A token server that a registry trusts. @see distribution docs, configuration, `auth: token` */
export interface TokenServerFacts {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** Certificate of the authority of the keys that sign tokens, PEM. */
  readonly authority: string;
}

/** The password of registries with authentication. */
export const registryPassword = 'secret';
/** Its bcrypt hash, cost 5: `python3 -c 'import crypt; print(crypt.crypt("secret", "$2b$05$abcdefghijklmnopqrstuu"))'`. */
const passwordHash = '$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a';

/** Start a registry and wait until it listens. */
export async function startRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  if (options.auth !== undefined && options.auth.password !== registryPassword) {
    throw new Error(`a test registry knows one password: ${registryPassword}`);
  }
  const home = await mkdtemp(join(tmpdir(), 'outboard-registry-'));
  const directory = options.directory ?? join(home, 'content');
  let child: ChildProcess | undefined;
  const stop = async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(home, { recursive: true, force: true });
  };
  try {
    await mkdir(directory, { recursive: true });
    const configuration = join(home, 'config.json');
    await writeFile(configuration, JSON.stringify(await configure(home, directory, options)));
    const [file = '', ...args] = [...(options.within ?? []), 'docker-registry', 'serve', configuration];
    child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return { host: await listeningHost(child), directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

// YAML is a superset of JSON, so the registry accepts this.
async function configure(home: string, directory: string, options: TestRegistryOptions): Promise<object> {
  const auth = await configureAuth(home, options);
  const tls = await configureTls(home, options);
  return {
    version: '0.1',
    log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: directory }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', secret: 'test', ...(tls === undefined ? {} : { tls }) },
    ...(auth === undefined ? {} : { auth }),
    ...(options.cacheOf === undefined ? {} : { proxy: { remoteurl: options.cacheOf } }),
  };
}

async function configureAuth(
  home: string,
  { auth, tokens }: TestRegistryOptions,
): Promise<object | undefined> {
  if (auth !== undefined) {
    const path = join(home, 'htpasswd');
    await writeFile(path, `${auth.username}:${passwordHash}\n`);
    return { htpasswd: { realm: 'test', path } };
  }
  if (tokens === undefined) return undefined;
  const { authority, ...token } = tokens;
  const rootcertbundle = join(home, 'tokens.pem');
  await writeFile(rootcertbundle, authority);
  return { token: { ...token, rootcertbundle } };
}

async function configureTls(home: string, { tls }: TestRegistryOptions): Promise<object | undefined> {
  if (tls === undefined) return undefined;
  const [certificate, key] = [join(home, 'server.pem'), join(home, 'server-key.pem')];
  await writeFile(certificate, tls.certificate);
  await writeFile(key, tls.key, { mode: 0o600 });
  if (tls.clientAuthority === undefined) return { certificate, key };
  const clients = join(home, 'clients.pem');
  await writeFile(clients, tls.clientAuthority);
  return { certificate, key, clientcas: [clients] };
}

/**
 * Wait for the log line with the port that the kernel chose. The log must be read further, or the registry would block.
 */
async function listeningHost(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error('the registry was started without a pipe for its log');
  const lines = createInterface({ input: child.stderr });
  const log: string[] = [];
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`docker-registry ended with ${code}: ${log.join('\n')}`)));
    lines.on('line', (line) => {
      if (log.length < 100) log.push(line);
      const host = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (host !== undefined) resolve(host);
    });
  });
}
