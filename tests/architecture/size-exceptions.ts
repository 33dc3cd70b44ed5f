/**
 * Functions and files above the limits of `check-sizes.ts`, until they are cut.
 */
export const sizeExceptions: readonly string[] = [
  'packages/engine/src/drivers/legacy/discovered-drivers.ts createLegacyDrivers',
  'packages/daemon/src/testing/scripted-engine.ts scriptEngine',
];
