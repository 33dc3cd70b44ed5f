/**
 * A plugin that runs commands for a test inside its container.
 */
import { join } from 'node:path';
import { createPluginClient } from '@outboard/protocol';
import { type PluginArchiveOptions, pluginContext } from './plugin-archive.ts';
import { fixtureSocket } from './plugin-fixture.ts';
import { slowed } from './slowness.ts';
import type { TestEngine } from './test-engine.ts';

/** Result of a command inside the plugin. */
export interface ProbeResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command of `/Probe.Run`: `{ Command: [program, ...arguments] }`. */
const probePluginScript = `
import { createServer } from 'node:http';
import { spawnSync } from 'node:child_process';
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const answer = request.url === '/Probe.Run' ? run(JSON.parse(body).Command) : { Implements: ['VolumeDriver'] };
  response.end(JSON.stringify(answer));
});
function run([program, ...args]) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return { Code: status ?? -1, Stdout: stdout ?? '', Stderr: error ? String(error) : stderr };
}
server.listen('/run/docker/plugins/${fixtureSocket}');
process.on('SIGTERM', () => process.exit(0));
`;

/**
 * Run a command inside a running probe plugin.
 *
 * @param socketPath socket on the host
 */
async function probe(socketPath: string, ...command: readonly string[]): Promise<ProbeResult> {
  await using client = createPluginClient({ socketPath, timeoutMs: slowed(30_000) });
  const reply = await client.call('Probe.Run', { Command: [...command] });
  return {
    code: Number(reply.raw('Code')),
    stdout: reply.text('Stdout'),
    stderr: reply.text('Stderr'),
  };
}

/** Run a command through a shell and assert success. @returns standard output, trimmed */
export async function probeShell(socketPath: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await probe(socketPath, '/bin/sh', '-c', script);
  if (code !== 0) throw new Error(`in the plugin, "${script}" ended with ${code}: ${stderr}`);
  return stdout.trim();
}

/** A running probe plugin. */
export interface ProbePlugin {
  readonly id: string;
  /** Socket on the host. */
  readonly socket: string;
  /** Run a shell script inside and assert success. @returns standard output, trimmed */
  shell(script: string): Promise<string>;
  /** Run a shell script inside. */
  attempt(script: string): Promise<ProbeResult>;
}

/** Create a probe plugin and enable it. @param options as for any plugin, without a script */
export async function startProbePlugin(
  { engine, execRoot }: Pick<TestEngine, 'engine' | 'execRoot'>,
  name: string,
  options: Pick<PluginArchiveOptions, 'config' | 'files' | 'entries'> = {},
): Promise<ProbePlugin> {
  const context = pluginContext({ ...options, script: probePluginScript });
  const { id } = await engine.create({ name, context });
  await engine.enable(name);
  const socket = join(execRoot, 'plugins', id, fixtureSocket);
  return {
    id,
    socket,
    shell: (script) => probeShell(socket, script),
    attempt: (script) => probe(socket, '/bin/sh', '-c', script),
  };
}
