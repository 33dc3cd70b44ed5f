/**
 * Tiny plugins for tests: a directory with `config.json` and `rootfs/`, as `docker plugin create` takes it. The root
 * filesystem holds one script; Node.js and the system's libraries are mounted from the host, read-only.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Settings of a plugin's config, in the spelling of `config.json`. */
export type ConfigDocument = Readonly<Record<string, unknown>>;

export interface PluginContextOptions {
  /** An ES module, run by the host's Node.js; default `volumePluginScript`. */
  readonly script?: string;
  /** Keys of `config.json` that replace those of the default; `Mounts` are added to the default ones. */
  readonly config?: ConfigDocument;
  /** More files of the root filesystem: path in it to content. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface PluginContext {
  readonly directory: string;
  readonly configPath: string;
  readonly rootfs: string;
  readonly config: ConfigDocument;
}

/** Name of the socket, below `/run/docker/plugins` in the plugin. */
export const fixtureSocket = 'fixture.sock';

/**
 * Listens on its socket, answers `/Plugin.Activate` and the calls of a volume driver from memory, and ends on SIGTERM.
 * It writes `listening` to its log when it is ready.
 */
export const volumePluginScript = `
import { createServer } from 'node:http';
const volumes = new Map();
const answers = {
  '/Plugin.Activate': () => ({ Implements: ['VolumeDriver'] }),
  '/VolumeDriver.Capabilities': () => ({ Capabilities: { Scope: 'local' } }),
  '/VolumeDriver.Create': ({ Name }) => { volumes.set(Name, { Name, Mountpoint: '' }); return { Err: '' }; },
  '/VolumeDriver.Remove': ({ Name }) => ({ Err: volumes.delete(Name) ? '' : 'no such volume' }),
  '/VolumeDriver.Get': ({ Name }) => (volumes.has(Name) ? { Volume: volumes.get(Name), Err: '' } : { Err: 'no such volume' }),
  '/VolumeDriver.List': () => ({ Volumes: [...volumes.values()], Err: '' }),
  '/VolumeDriver.Path': () => ({ Mountpoint: '', Err: '' }),
  '/VolumeDriver.Mount': () => ({ Mountpoint: '', Err: '' }),
  '/VolumeDriver.Unmount': () => ({ Err: '' }),
};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const answer = answers[request.url];
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/vnd.docker.plugins.v1.2+json' });
  response.end(JSON.stringify(answer ? answer(body === '' ? {} : JSON.parse(body)) : { Err: 'not found' }));
});
server.listen('/run/docker/plugins/${fixtureSocket}', () => console.log('listening'));
process.on('SIGTERM', () => process.exit(0));
`;

/** The script inside the root filesystem. */
const scriptPath = '/plugin.mjs';

/**
 * Write the context of a plugin.
 *
 * @param directory created if absent
 */
export async function writePluginContext(
  directory: string,
  options: PluginContextOptions = {},
): Promise<PluginContext> {
  const rootfs = join(directory, 'rootfs');
  const directories = hostDirectories();
  for (const directory of ['/proc', '/sys', '/dev', '/tmp', '/etc', '/run/docker/plugins', ...directories]) {
    await mkdir(join(rootfs, directory), { recursive: true });
  }
  const files = { ...options.files, [scriptPath]: options.script ?? volumePluginScript };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(rootfs, path)), { recursive: true });
    await writeFile(join(rootfs, path), content);
  }
  const config = pluginConfigDocument(options.config);
  const configPath = join(directory, 'config.json');
  await writeFile(configPath, JSON.stringify(config, undefined, 2));
  return { directory, configPath, rootfs, config };
}

/** The `config.json` of a fixture plugin. */
export function pluginConfigDocument(changes: ConfigDocument = {}): ConfigDocument {
  const { Mounts: moreMounts = [], ...otherChanges } = changes;
  const mounts = hostDirectories().map((directory) => ({
    Name: `host${directory.replaceAll('/', '-')}`,
    Description: 'programs and libraries of the host',
    Source: directory,
    Destination: directory,
    Type: 'bind',
    Options: ['rbind', 'ro'],
    Settable: null,
  }));
  return {
    Description: 'A plugin for tests',
    Documentation: 'https://example.com/plugin',
    Entrypoint: [process.execPath, scriptPath],
    WorkDir: '',
    Interface: { Types: ['docker.volumedriver/1.0'], Socket: fixtureSocket },
    Network: { Type: 'none' },
    PropagatedMount: '',
    Linux: { Capabilities: null, AllowAllDevices: false, Devices: null },
    Env: [{ Name: 'DEBUG', Description: '', Value: '0', Settable: ['value'] }],
    Args: { Name: '', Description: '', Value: null, Settable: null },
    ...otherChanges,
    Mounts: [...mounts, ...(moreMounts as readonly unknown[])],
  };
}

/** Paths of the host that Node.js needs; it may be installed outside of the system's directories. */
function hostDirectories(): readonly string[] {
  const installation = dirname(dirname(process.execPath));
  return [...new Set(['/usr', '/bin', '/lib', '/lib64', installation])];
}
