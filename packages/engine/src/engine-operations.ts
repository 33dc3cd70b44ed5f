/**
 * Wires the rows of the faces to one engine.
 */
import { catalogRows, type PluginCatalog } from './operations/catalog/plugin-catalog.ts';
import { checkRows, type DataCheck } from './operations/check/check-data.ts';
import { controlRows, type PluginControl } from './operations/control/plugin-control.ts';
import type { EngineContext } from './operations/engine-context.ts';
import { bindFace, measuredNames } from './operations/face-rows.ts';
import { type InsightOperations, insightRows } from './operations/insight/plugin-insight.ts';
import { installerRows, type PluginInstaller } from './operations/install/plugin-installer.ts';
import type { RunOperation } from './operations/run-operation.ts';

/** The methods of all faces. */
export type EngineOperations = PluginCatalog &
  PluginInstaller &
  PluginControl &
  InsightOperations &
  DataCheck;

/** Names of the operations that are measured, as in `OperationMeasurement`. */
export const observedOperations: readonly string[] = [
  ...measuredNames(installerRows),
  ...measuredNames(controlRows),
  ...measuredNames(catalogRows),
  ...measuredNames(insightRows),
  ...measuredNames(checkRows),
];

/** @param run runs every operation that is not direct */
export function createEngineOperations(context: EngineContext, run: RunOperation): EngineOperations {
  return {
    ...bindFace<PluginCatalog>(catalogRows, context, run),
    ...bindFace<PluginInstaller>(installerRows, context, run),
    ...bindFace<PluginControl>(controlRows, context, run),
    ...bindFace<InsightOperations>(insightRows, context, run),
    ...bindFace<DataCheck>(checkRows, context, run),
  };
}
