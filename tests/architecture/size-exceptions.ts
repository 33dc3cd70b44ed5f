/**
 * Functions and files above the limits of `check-sizes.ts`, until they are cut.
 */
export const sizeExceptions: readonly string[] = [
  'packages/cli/src/template/format-printf.ts anonymous',
  'packages/container/src/rootfs/workspaces.ts createWorkspaces',
  'packages/container/src/runtime/conmon-runtime.ts #launch',
  'packages/engine/src/drivers/legacy/legacy-drivers.ts createLegacyDrivers',
  'packages/engine/src/operations/exec.ts execInPlugin',
  'packages/engine/src/operations/status.ts createStatusReader',
  'packages/engine/src/plugin-engine.ts openContext',
  'packages/engine/src/supervise/prepare-plugin.ts createPluginHost',
  'packages/engine/src/supervise/supervised-plugin.ts',
  'packages/engine/src/uses/create-plugin-uses.ts openPluginUses',
  'packages/oci/src/registry/http/authentication/authorizer.ts createBearer',
  'packages/oci/src/registry/http/blobs/blob-source.ts ask',
  'packages/oci/src/registry/http/blobs/push-blob.ts put',
  'packages/oci/src/registry/http/http-registry-client.ts createRegistryClient',
  'packages/daemon/src/testing/scripted-engine.ts scriptEngine',
];
