/**
 * Judges a build as `create` does, so that nothing is written or pushed that no engine can enable.
 */
import { type ConfigFinding, examinePlugin, type PluginConfig } from '@outboard/engine';
import { hostPlatform, OutboardError, type Platform } from '@outboard/oci';
import { pathOf, type RootTree } from './tree/root-tree.ts';

/**
 * Examine a config, before its root filesystem is made.
 * @returns warnings @throws {OutboardError} invalid with a line for each fault
 */
export async function judgeConfig(config: Buffer): Promise<readonly string[]> {
  return judge((await examinePlugin({ config })).findings, hostPlatform());
}

/** Examine what was written. @returns warnings @throws {OutboardError} invalid with a line for each fault */
export async function judgeWritten(
  { configBytes, platform }: { readonly configBytes: Buffer; readonly platform: Platform },
  rootfs: string,
): Promise<readonly string[]> {
  return judge((await examinePlugin({ config: configBytes, rootfs })).findings, platform);
}

/**
 * Look for the program in a tree that is pushed without being written.
 * @throws {OutboardError} invalid when there is none, or it cannot be run
 */
export function requireProgram(tree: RootTree, config: PluginConfig): void {
  const program = config.entrypoint?.[0] ?? '';
  const mounts = [
    '/dev',
    '/proc',
    '/sys',
    '/run',
    '/tmp',
    ...(config.mounts ?? []).map((each) => each.destination),
  ];
  // Others are searched for in PATH, or come with a mount.
  if (!program.startsWith('/') || mounts.some((mount) => program.startsWith(`${mount}/`))) return;
  const node = tree.find(pathOf(program));
  const subject = `config: "Entrypoint": ${JSON.stringify(program)}: rootfs${program}`;
  if (node === undefined) throw new OutboardError('invalid', `${subject} is missing`);
  if (node.type === 'file' && (node.facts.mode & 0o111) !== 0) return;
  throw new OutboardError('invalid', `${subject} is not a file that can be run: want one with mode 0755`);
}

function judge(findings: readonly ConfigFinding[], { architecture }: Platform): readonly string[] {
  // The program of another platform is for another processor.
  const isForeign = architecture !== hostPlatform().architecture;
  const found = findings.filter(({ code }) => !(isForeign && code === 'rootfs/architecture'));
  const faults = found.filter(({ severity }) => severity !== 'warning');
  const linesOf = (list: readonly ConfigFinding[]) => [...new Set(list.map(({ message }) => message))];
  if (faults.length > 0) throw new OutboardError('invalid', linesOf(faults).join('\n'));
  return linesOf(found);
}
