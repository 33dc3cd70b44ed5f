/**
 * The two command lines that the demo drives. Their commands are the same; the differences are here.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from '../debian-packages.mjs';

/**
 * @typedef {object} CommandLine
 * @property {string} name
 * @property {(args: readonly string[], options?: { answer?: string }) => Promise<string>} run
 *   shows the command and its output; returns the output; throws if the command fails
 * @property {(reference: string) => Promise<void>} install shows the privileges and grants them
 */

/**
 * @param {{ surroundings: import('./surroundings.mjs').Surroundings, program: string,
 *   narrator: import('./narrator.mjs').Narrator, signal: AbortSignal }} options
 * @returns {readonly CommandLine[]} `outboard`, and `docker` if it is on this machine
 */
export function commandLines(options) {
  const docker = findProgram('docker');
  return docker === undefined ? [outboard(options)] : [outboard(options), stockDocker(options, docker)];
}

function outboard({ surroundings, program, narrator, signal }) {
  const env = {
    OUTBOARD_HOST: surroundings.host,
    DOCKER_CONFIG: join(surroundings.directory, 'docker-config'),
  };
  const run = (args) =>
    runCommand({
      shown: 'outboard',
      command: [process.execPath, program, ...args],
      args,
      env,
      narrator,
      signal,
    });
  return {
    name: 'outboard',
    run,
    async install(reference) {
      await run(['privileges', reference]);
      await run(['install', '--disable', '--grant-all-permissions', reference]);
    },
  };
}

function stockDocker({ surroundings, narrator, signal }, docker) {
  const env = {
    DOCKER_HOST: surroundings.host,
    DOCKER_CONFIG: join(surroundings.directory, 'docker-config'),
  };
  const run = (args, { answer } = {}) =>
    runCommand({
      shown: 'docker plugin',
      command: [docker, 'plugin', ...args],
      args,
      env,
      narrator,
      signal,
      answer,
    });
  return {
    name: 'docker',
    run,
    async install(reference) {
      await run(['install', '--disable', reference], { answer: 'y\n' });
    },
  };
}

async function runCommand({ shown, command, args, env, narrator, signal, answer = '' }) {
  narrator.command([shown, ...args].join(' '));
  const [program, ...rest] = command;
  const child = spawn(program, rest, { env: { ...process.env, ...env }, stdio: 'pipe', signal });
  child.stdin.end(answer);
  const [code, output, errors] = await Promise.all([
    ended(child),
    textOf(child.stdout),
    textOf(child.stderr),
  ]);
  // A terminal shows typed text, a pipe does not.
  const shownOutput = answer === '' ? output : output.replace('[y/N] ', `[y/N] ${answer}`);
  narrator.output(`${shownOutput}\n${errors}`);
  if (code !== 0) throw new Error(`"${[shown, ...args].join(' ')}" failed with exit code ${code}`);
  return output;
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

async function textOf(stream) {
  return Buffer.concat(await stream.toArray()).toString();
}
