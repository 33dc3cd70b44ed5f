/**
 * Sessions in documents: blocks of commands with their output, marked `<!-- session: NAME -->`, which tests run.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Replacements for the environment of the document. */
export interface SessionOptions {
  /** Path of the daemon's socket. */
  readonly socket: string;
  /** A directory in place of `/tmp`. */
  readonly home: string;
  /** In place of `localhost:5000`. */
  readonly registryHost?: string;
  /** Directory of programs that precede those of `PATH`. */
  readonly programs?: string;
  /** Socket of a Docker Engine that `docker` uses; default the daemon's. */
  readonly dockerSocket?: string;
  /** Replacements in commands. */
  readonly inCommands?: readonly (readonly [shown: string, real: string])[];
  /** Replacements in output. */
  readonly inOutput?: readonly (readonly [real: string, shown: string])[];
}

/** Runs a command of a session. @returns its output, both streams together */
export type RunCommand = (command: string) => Promise<string>;

interface SessionStep {
  readonly command: string;
  readonly output: string;
}

/**
 * Run a session: every command must print what the document shows.
 * @param document its path in the repository, such as `docs/volumes.md`
 */
export async function runSession(document: string, name: string, place: SessionOptions): Promise<void> {
  await runSessionWith(document, name, (command) => run(command, place));
}

/** The same on another system. */
export async function runSessionWith(document: string, name: string, execute: RunCommand): Promise<void> {
  for (const { command, output } of await readSession(document, name)) {
    if (command.startsWith('export ')) continue; // The daemon of the test has another address.
    assert.equal(normalise(await execute(command)), normalise(output), `$ ${command}`);
  }
}

async function readSession(document: string, name: string): Promise<readonly SessionStep[]> {
  const content = await readFile(join(root, document), 'utf8');
  const [, block] =
    new RegExp(`<!-- session: ${name} -->\n\`\`\`console\n(.*?)\n\`\`\``, 's').exec(content) ?? [];
  assert.ok(block !== undefined, `${document} has no session named ${name}`);
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n');
      return { command, output: output.join('\n') };
    });
}

/**
 * Remove variable parts: IDs, digests, times, sizes, column widths, and intermediate progress.
 */
function normalise(output: string): string {
  return output
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:DIGEST')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'LONG-ID')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replaceAll(/\b(Less than a|\d+) seconds?\b/g, 'UPTIME')
    .replaceAll(/\b\d+(\.\d+)?[kM]B\b/g, 'SIZE')
    .replaceAll(/\bPodman \d+\.\d+\.\d+\S*/g, 'Podman VERSION')
    .replaceAll(/\bDocker Engine \d+\.\d+\.\d+\S*/g, 'Docker Engine VERSION')
    .split('\n')
    .filter((line) => !/^ID: (?!Complete$|Upload complete$)/.test(line))
    .map((line) => line.replaceAll(/ {2,}/g, '  ').trimEnd())
    .join('\n')
    .trim();
}

async function run(command: string, place: SessionOptions): Promise<string> {
  const { socket, home, registryHost, programs, dockerSocket = socket } = place;
  const here = (registryHost === undefined ? command : command.replaceAll('localhost:5000', registryHost))
    .replaceAll('/tmp/', `${home}/`)
    .replace(/^outboard /, `${join(root, 'bin', 'outboard')} `);
  const child = spawn('bash', ['-c', `exec 2>&1; ${replaceAll(here, place.inCommands)}`], {
    cwd: root,
    env: {
      ...process.env,
      ...(programs !== undefined && { PATH: `${programs}:${process.env.PATH ?? ''}` }),
      DOCKER_CONFIG: home,
      DOCKER_HOST: `unix://${dockerSocket}`,
      OUTBOARD_HOST: `unix://${socket}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  const shown = registryHost === undefined ? output : output.replaceAll(registryHost, 'localhost:5000');
  return replaceAll(shown, place.inOutput)
    .replaceAll(`${home}/data/`, '/var/lib/outboard/')
    .replaceAll(`${home}/`, '/tmp/');
}

function replaceAll(text: string, pairs: readonly (readonly [string, string])[] = []): string {
  return pairs.reduce((replaced, [from, to]) => replaced.replaceAll(from, to), text);
}
