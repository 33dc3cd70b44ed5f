/**
 * The execution protocol of CNI: one call of one CNI plugin. Parameters are passed in the environment, the
 * configuration on standard input; the result or error comes on standard output.
 * @see CNI spec 1.0.0, section 2 "Execution Protocol"
 */
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { programEnvironment, runProgram } from '../../linux/run-program.ts';
import { parseCniError } from './cni-result.ts';

/** Commands of the protocol. */
export type CniCommand = 'ADD' | 'CHECK' | 'DEL' | 'VERSION';

/** Configuration of one CNI plugin: `cniVersion`, `name`, `type` and its own keys. */
export type CniConfig = Readonly<Record<string, unknown>> & { readonly type: string };

/** One call of a CNI plugin. */
export interface CniCall {
  readonly command: CniCommand;
  readonly config: CniConfig;
  readonly containerId: string;
  /** Path of the network namespace; empty in a DEL when it is gone. */
  readonly namespace: string;
  /** Name of the interface in the namespace. */
  readonly interfaceName: string;
  /** Directory of this CNI plugin and of those that it calls. */
  readonly directory: string;
}

/** Long, since iptables waits for its lock without limit, and any program for a slow disk. */
const timeoutMs = 30_000;

/** Directories of programs that CNI plugins run (iptables), which the PATH of a minimal service may lack. */
const systemDirectories = '/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin';

/**
 * Call a CNI plugin. There is no signal: programs that an aborted plugin started would run on beside the DEL that
 * follows.
 * @returns its result, parsed as JSON; undefined when it wrote nothing, as for DEL
 * @throws {OutboardError} system with the plugin's message, or when it takes longer than 30 s
 */
export async function callCniPlugin(call: CniCall): Promise<unknown> {
  const { command, config } = call;
  const { PATH, ...environment } = programEnvironment();
  const { code, stdout, stderr } = await runProgram(join(call.directory, config.type), [], {
    env: {
      ...environment,
      PATH: `${PATH}:${systemDirectories}`,
      CNI_COMMAND: command,
      CNI_CONTAINERID: call.containerId,
      CNI_NETNS: call.namespace,
      CNI_IFNAME: call.interfaceName,
      CNI_PATH: call.directory,
    },
    input: JSON.stringify(config),
    timeoutMs,
  });
  if (code === 0) return stdout.trim() === '' ? undefined : parseAnswer(stdout, call);
  throw new OutboardError(
    'system',
    `CNI plugin "${config.type}" failed (${command}): ${parseCniError(stdout) ?? plainWords(stderr, code)}`,
  );
}

function parseAnswer(stdout: string, { command, config }: CniCall): unknown {
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    const subject = `CNI plugin "${config.type}" (${command})`;
    throw new OutboardError('system', `the answer of ${subject} is not JSON`, { cause });
  }
}

function plainWords(stderr: string, code: number | null): string {
  return stderr.trim().slice(0, 1024) || (code === null ? 'a signal ended it' : `it ended with code ${code}`);
}

/** Supported versions of the protocol, the preferred one first. */
const spokenVersions = ['1.0.0', '0.4.0'];

/**
 * Negotiate the version of the protocol with a CNI plugin and those installed with it.
 * @throws {OutboardError} system when there is none in common
 * @see CNI spec 1.0.0, "VERSION"
 */
export async function negotiateCniVersion(type: string, directory: string): Promise<string> {
  const answer = await callCniPlugin({
    command: 'VERSION',
    config: { cniVersion: '1.0.0', type },
    containerId: '',
    namespace: '',
    interfaceName: '',
    directory,
  });
  const supported = supportedVersions(answer);
  const version = spokenVersions.find((spoken) => supported.includes(spoken));
  if (version !== undefined) return version;
  throw new OutboardError(
    'system',
    `CNI plugin "${join(directory, type)}" speaks ${JSON.stringify(supported)}, want one of ${spokenVersions.join(', ')}`,
  );
}

function supportedVersions(answer: unknown): readonly unknown[] {
  if (typeof answer !== 'object' || answer === null || !('supportedVersions' in answer)) return [];
  return Array.isArray(answer.supportedVersions) ? answer.supportedVersions : [];
}
