/**
 * Starts a command in a container through the OCI runtime.
 * @see runc-exec(8)
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeSpec } from '../spec/runtime-spec.ts';
import { type CommandPlace, type ExecDeps, type ExecTarget, runInPlace } from './command-place.ts';
import { findUser, readUserFiles } from './container-users.ts';
import { createExecCgroup } from './exec-directory.ts';
import { createExecProcess, type ExecProcess } from './exec-process.ts';
import type { ExecRequest, ExecSession } from './exec-session.ts';
import { openHostTools } from './host-tools.ts';
import { pidFile } from './launch-command.ts';

const processFile = 'process.json';

/**
 * Start a command and return when it runs.
 * @param signal kills it, at any time
 * @throws {OutboardError} invalid: the request, an unknown user, a program that cannot be run (code `exec-failed`);
 *   conflict when the container has ended; system when the tools of the host are missing
 */
export async function startExec(
  deps: ExecDeps,
  target: ExecTarget,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecSession> {
  const prepare = async ({ directory, spec, runtime }: CommandPlace) => {
    const process = await describeProcess(spec, request);
    // Readable by root only: the variables may be secrets.
    const file = join(directory, processFile);
    await writeFile(file, JSON.stringify(process), { mode: 0o600, flag: 'wx' });
    const cgroup = await createExecCgroup(target.cgroupPath, directory);
    const passed = request.hasTools === true ? await openHostTools(directory) : undefined;
    const command = [
      runtime,
      `--root=${deps.paths.runtimeRoot}`,
      ...['exec', `--cgroup=${cgroup}`, `--process=${file}`, `--pid-file=${join(directory, pidFile)}`],
      ...(passed === undefined ? [] : ['--preserve-fds=1']),
      target.id,
    ] as const;
    return { command, request, passed };
  };
  return await runInPlace(deps, target, prepare, signal);
}

async function describeProcess(spec: RuntimeSpec, request: ExecRequest): Promise<ExecProcess> {
  const { user: named = '' } = request;
  const user =
    named === ''
      ? { ...spec.process.user, additionalGids: [] }
      : findUser(named, await readUserFiles(spec.root.path));
  return createExecProcess(spec.process, request, user);
}
