/**
 * Functions and files above the limits of `check-sizes.ts`, until they are cut.
 */
export const sizeExceptions: readonly string[] = [
  'packages/cli/src/template/format-printf.ts anonymous',
  'packages/engine/src/drivers/legacy/discovered-drivers.ts createLegacyDrivers',
  'packages/engine/src/supervise/supervised-plugin.ts',
  'packages/oci/src/registry/http/authentication/authorizer.ts createBearer',
  'packages/oci/src/registry/http/blobs/blob-source.ts ask',
  'packages/oci/src/registry/http/blobs/push-blob.ts put',
  'packages/oci/src/registry/http/http-registry-client.ts createRegistryClient',
  'packages/daemon/src/testing/scripted-engine.ts scriptEngine',
];
