/**
 * Derives the process of an exec command from the process of the container's spec. A pure function: whatever is
 * requested, the command is confined like the container's own program.
 */
import { OutboardError, showValue } from '@outboard/oci';
import { cleanAbsolutePath } from '../spec/clean-path.ts';
import { containerDefaults } from '../spec/container-defaults.ts';
import type { RuntimeSpec } from '../spec/runtime-spec.ts';
import type { ProcessUser } from './container-users.ts';
import type { ExecRequest } from './exec-session.ts';
import { toolsDirectory } from './host-tools.ts';

type SpecProcess = RuntimeSpec['process'];

/** A process for `exec` of the OCI runtime. */
export type ExecProcess = Pick<SpecProcess, Exclude<keyof SpecProcess, 'user'>> & {
  readonly user: ProcessUser;
  /** Initial size of the terminal; changes are sent by signal. */
  readonly consoleSize?: { readonly height: number; readonly width: number };
};

const maxTextBytes = 120 * 1024; // below MAX_ARG_STRLEN, the limit of Linux for one argument

/**
 * Create the process of a command.
 * @param container process of the spec with which the container was started
 * @throws {OutboardError} invalid: no command, a text with a NUL or too long, a variable without a name, a relative
 *   directory
 */
export function createExecProcess(
  container: SpecProcess,
  request: ExecRequest,
  user: ProcessUser,
): ExecProcess {
  const { command, env = [], workingDirectory, terminal, hasTools = false } = request;
  if (command.length === 0 || command[0] === '') throw invalid('no exec command specified');
  for (const text of [...command, ...env]) checkText(text);
  for (const variable of env) {
    if (variable.indexOf('=') < 1) {
      throw invalid(`invalid environment variable ${showValue(variable)}: want NAME=VALUE`);
    }
  }
  const cwd = workingDirectory === undefined ? container.cwd : cleanAbsolutePath(workingDirectory);
  if (cwd === undefined) {
    throw invalid(`invalid working directory ${showValue(workingDirectory)}: want an absolute path`);
  }
  checkText(cwd);
  const hasTerminal = terminal !== undefined;
  return {
    ...container,
    terminal: hasTerminal,
    ...(terminal && { consoleSize: { height: terminal.rows, width: terminal.columns } }),
    user,
    args: command,
    env: withTools(
      mergeEnvironment([...(hasTerminal ? ['TERM=xterm'] : []), ...container.env, ...env]),
      hasTools,
    ),
    cwd,
    // As after execve(2) by another user than root: the bounding set stays, no capability is effective.
    capabilities:
      user.uid === 0
        ? container.capabilities
        : { ...container.capabilities, effective: [], permitted: [], ambient: [] },
  };
}

/** The container's own programs are found first. */
function withTools(env: readonly string[], hasTools: boolean): readonly string[] {
  if (!hasTools) return env;
  const path = env.find((variable) => variable.startsWith('PATH=')) ?? containerDefaults.path;
  return [...env.filter((variable) => !variable.startsWith('PATH=')), `${path}:${toolsDirectory}`];
}

function checkText(text: string): void {
  if (text.includes('\0') || Buffer.byteLength(text) > maxTextBytes) {
    throw invalid(`invalid text ${showValue(text)}: want one without NUL, of at most ${maxTextBytes} bytes`);
  }
}

/** Merge variables: a later value replaces an earlier one. */
function mergeEnvironment(variables: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const variable of variables) byName.set(variable.slice(0, variable.indexOf('=')), variable);
  return [...byName.values()];
}

function invalid(message: string): OutboardError {
  return new OutboardError('invalid', message);
}
