/**
 * The stock docker CLI with its own configuration, connected to Outboard's daemon.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Result of a command. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs docker commands against one daemon. */
export interface DockerCli {
  /** Directory of its configuration. */
  readonly config: string;
  /** Run `docker <args>`; standard input is empty unless given. */
  run(args: readonly string[], input?: string): Promise<CommandResult>;
  /** Run a command and assert success. @returns standard output */
  succeed(...args: readonly string[]): Promise<string>;
  /** Run a command and assert exit code 1. @returns standard error, without its last newline */
  fail(...args: readonly string[]): Promise<string>;
  /** Remove its configuration. */
  remove(): Promise<void>;
}

/** @param socket path of the daemon's socket */
export async function createDockerCli(socket: string): Promise<DockerCli> {
  const config = await mkdtemp(join(tmpdir(), 'ob-docker-'));
  const env = {
    PATH: process.env.PATH,
    HOME: config,
    DOCKER_CONFIG: config,
    DOCKER_HOST: `unix://${socket}`,
  };
  async function run(args: readonly string[], input = ''): Promise<CommandResult> {
    const child = spawn('docker', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    // A command that reads no input may end before its input is written.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }
  return {
    config,
    run,
    async succeed(...args) {
      const { code, stdout, stderr } = await run(args);
      if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${stderr}`);
      return stdout;
    },
    async fail(...args) {
      const { code, stdout, stderr } = await run(args);
      if (code !== 1)
        throw new Error(`docker ${args.join(' ')} ended with ${code}, not 1: ${stdout}${stderr}`);
      return stderr.trimEnd();
    },
    remove: () => rm(config, { recursive: true, force: true }),
  };
}
