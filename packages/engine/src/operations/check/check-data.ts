/**
 * Check of the data root: every record, blob and root filesystem against what was written. One of the faces of the engine.
 */
import { mapBounded } from '@outboard/async';
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { FaceRows } from '../face-rows.ts';
import { checkBlobs } from './check-blobs.ts';
import { checkLeftovers } from './check-leftovers.ts';
import { checkDamaged, checkRecord, checkStateFiles } from './check-record.ts';
import { checkLostRootfs, checkRootfs, findRootfsProblem } from './check-rootfs.ts';
import { checkState } from './check-state.ts';
import { type CheckedVersion, namedBlobs, versionsOf } from './checked-version.ts';
import type { DataCheckReport, DataCheckRequest } from './data-finding.ts';
import { type CheckContext, Inspection } from './inspection.ts';

/** Checks what is stored. */
export interface DataCheck {
  /**
   * Check the data root while the engine runs, one plugin after another. Damage is a finding, not an error. Without `repair`
   * nothing is changed. Each repair is one commit: it can be killed at any time. The root filesystem of an enabled plugin is
   * not touched.
   * @throws {OutboardError} not-found for an unknown plugin, before anything is checked; the signal's reason; system when the
   *   data root cannot be read
   */
  fsck(request?: DataCheckRequest): Promise<DataCheckReport>;
}

/** The operations of the check. */
export const checkRows: FaceRows<DataCheck> = {
  fsck: { measured: 'fsck', run: (call, request) => checkData(call, request) },
};

/** Plugins that a quick check looks at beside each other. */
const quickAtOnce = 8;

/** @see DataCheck.fsck */
export async function checkData(
  context: CheckContext,
  request: DataCheckRequest = {},
): Promise<DataCheckReport> {
  const inspection = new Inspection(context, request);
  const chosen = choosePlugins(context, request.plugins);
  // A quick check waits for the disk most of the time. Trees are compared one after another: each takes processes.
  const atOnce = request.quick === true && request.repair !== true ? quickAtOnce : 1;
  await mapBounded(chosen, (id) => checkOne(inspection, id), atOnce);
  if (request.plugins === undefined) {
    await checkState(inspection);
    await checkLeftovers(inspection);
  }
  return inspection.sums();
}

/** Check a plugin, sound or damaged. */
async function checkOne(inspection: Inspection, id: string): Promise<void> {
  const { store, signal } = inspection.context;
  signal.throwIfAborted();
  const damaged = store.damaged().find((plugin) => plugin.id === id);
  if (damaged !== undefined) {
    inspection.count('plugins');
    inspection.progress(`Checking plugin ${damaged.name ?? id.slice(0, 12)}`);
    if (!(await checkDamaged(inspection, damaged))) return;
  }
  const record = store.get(id);
  if (record === undefined) return; // removed meanwhile
  if (damaged === undefined) inspection.count('plugins');
  try {
    await checkPlugin(inspection, record);
  } catch (error) {
    // Its files are gone when it was removed meanwhile.
    if (signal.aborted || store.get(id) !== undefined) throw error;
  }
}

/** IDs of plugins, by name. @throws {OutboardError} not-found */
function choosePlugins(
  { store }: Pick<CheckContext, 'store'>,
  typed: readonly string[] | undefined,
): readonly string[] {
  const plugins =
    typed === undefined
      ? [...store.damaged(), ...store.all()]
      : typed.map((name) => store.findDamaged(name) ?? store.find(name));
  return [...new Set(plugins.map(({ id }) => id))];
}

async function checkPlugin(inspection: Inspection, record: PluginRecord): Promise<void> {
  const { store, content } = inspection.context;
  inspection.progress(`Checking plugin ${record.name}`);
  await checkRecord(inspection, record);
  await checkStateFiles(inspection, record);
  // Whatever happens to the plugin meanwhile, its content stays until it was checked.
  await using lease = content.lease();
  for (const version of versionsOf(store, record)) {
    for (const digest of namedBlobs(version)) lease.add(digest);
    if (isCurrent(inspection.context, version)) await checkVersion(inspection, version);
  }
}

/** False for a version that was removed or replaced while others were checked. */
function isCurrent({ store }: Pick<CheckContext, 'store'>, version: CheckedVersion): boolean {
  const record = store.get(version.plugin.id);
  const installed = version.isPrevious ? record?.previous : record;
  return installed?.manifestDigest === version.manifestDigest;
}

async function checkVersion(inspection: Inspection, version: CheckedVersion): Promise<void> {
  const problem = await findRootfsProblem(version);
  const manifest = await checkBlobs(inspection, version);
  if (problem !== undefined) return await checkLostRootfs(inspection, version, { manifest, problem });
  if (inspection.request.quick === true) return;
  const { plugin, rootfs } = version;
  if (manifest === undefined) {
    const reason = 'it cannot be compared, because its layers are not whole';
    return inspection.report({ subject: 'rootfs', severity: 'note', plugin, path: rootfs, problem: reason });
  }
  inspection.progress(`Comparing the root filesystem of ${plugin.name}`);
  await checkRootfs(inspection, version, manifest);
}
