/**
 * Wires workspaces: staging directories with an unpack jail over each.
 */
import type { Logger } from 'pino';
import { openUnpackJail } from './rootfs/jail/namespace-jail.ts';
import { openStaging } from './rootfs/staging.ts';
import type { OpenUnpackJail } from './rootfs/unpack-jail.ts';
import { createWorkspaces, type Workspaces } from './rootfs/workspaces.ts';

/**
 * Open workspaces below a directory, which is made when absent and emptied otherwise.
 * @param directory on the same file system as the path that finished trees are renamed to
 * @throws {OutboardError} system
 */
export async function openWorkspaces(
  directory: string,
  logger: Logger,
  openJail: OpenUnpackJail = openUnpackJail,
): Promise<Workspaces> {
  return createWorkspaces(await openStaging(directory, logger), openJail, logger);
}
