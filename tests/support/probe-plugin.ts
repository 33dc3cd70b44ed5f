/**
 * A plugin that runs commands for a test, inside its container.
 */
import { createPluginClient } from '@outboard/engine';
import { fixtureSocket } from './plugin-fixture.ts';

/** How a command ended inside the plugin. */
export interface ProbeResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs what `/Probe.Run` is given: `{ Command: [program, ...arguments] }`. */
export const probePluginScript = `
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
 * @param socketPath its socket on the host
 */
export async function probe(socketPath: string, ...command: readonly string[]): Promise<ProbeResult> {
  await using client = createPluginClient({ socketPath, timeoutMs: 30_000 });
  const reply = await client.call('Probe.Run', { Command: [...command] });
  return {
    code: Number(reply.raw('Code')),
    stdout: reply.text('Stdout'),
    stderr: reply.text('Stderr'),
  };
}

/** The same through a shell, insisting on success. @returns standard output, trimmed */
export async function probeShell(socketPath: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await probe(socketPath, '/bin/sh', '-c', script);
  if (code !== 0) throw new Error(`in the plugin, "${script}" ended with ${code}: ${stderr}`);
  return stdout.trim();
}
