/**
 * From the process of a container's spec to that of a command which runs beside it. A pure function: whatever is asked
 * for, the command is behind the same walls as the plugin's own program.
 */
import { OutboardError, showValue } from '@outboard/oci';
import { cleanAbsolutePath } from '../spec/clean-path.ts';
import type { RuntimeSpec } from '../spec/runtime-spec.ts';
import type { ProcessUser } from './container-users.ts';
import type { ExecRequest } from './exec-session.ts';

type SpecProcess = RuntimeSpec['process'];

/** A process as the runtime takes it for `exec`. */
export type ExecProcess = Omit<SpecProcess, 'user'> & {
  readonly user: ProcessUser;
  /** Of the terminal, from its first instant on; later ones come by signal. */
  readonly consoleSize?: { readonly height: number; readonly width: number };
};

const maxTextBytes = 120 * 1024; // what Linux takes of one argument, MAX_ARG_STRLEN, and some room

/**
 * @param plugin the process in the spec with which the container was started
 * @throws {OutboardError} invalid: no command, a text with a NUL or too long, a variable without a name, a relative
 *   directory
 */
export function createExecProcess(plugin: SpecProcess, request: ExecRequest, user: ProcessUser): ExecProcess {
  const { command, env = [], workingDirectory, terminal } = request;
  if (command.length === 0 || command[0] === '') throw invalid('no exec command specified');
  for (const text of [...command, ...env]) checkText(text);
  for (const variable of env) {
    if (variable.indexOf('=') < 1) {
      throw invalid(`invalid environment variable ${showValue(variable)}: want NAME=VALUE`);
    }
  }
  const cwd = workingDirectory === undefined ? plugin.cwd : cleanAbsolutePath(workingDirectory);
  if (cwd === undefined) {
    throw invalid(`invalid working directory ${showValue(workingDirectory)}: want an absolute path`);
  }
  checkText(cwd);
  const hasTerminal = terminal !== undefined;
  return {
    ...plugin,
    terminal: hasTerminal,
    ...(terminal && { consoleSize: { height: terminal.rows, width: terminal.columns } }),
    user,
    args: command,
    env: mergeEnvironment([...(hasTerminal ? ['TERM=xterm'] : []), ...plugin.env, ...env]),
    cwd,
    // As execve(2) has it for who is not root: what the plugin may become, but nothing at once.
    capabilities:
      user.uid === 0
        ? plugin.capabilities
        : { ...plugin.capabilities, effective: [], permitted: [], ambient: [] },
  };
}

function checkText(text: string): void {
  if (text.includes('\0') || Buffer.byteLength(text) > maxTextBytes) {
    throw invalid(`invalid text ${showValue(text)}: want one without NUL, of at most ${maxTextBytes} bytes`);
  }
}

/** A later value of a name replaces an earlier one. */
function mergeEnvironment(variables: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const variable of variables) byName.set(variable.slice(0, variable.indexOf('=')), variable);
  return [...byName.values()];
}

function invalid(message: string): OutboardError {
  return new OutboardError('invalid', message);
}
