/**
 * Capabilities that unpacking needs: for owners, modes, devices and file capabilities of entries.
 */
import { capabilities } from '../../linux/process-confinement.ts';

/** Capabilities of the main thread of a jail's child; its other threads have none. */
export const unpackingCapabilities: readonly number[] = [
  capabilities.chown,
  capabilities.dacOverride,
  capabilities.fowner,
  capabilities.fsetid,
  capabilities.mknod,
  capabilities.setfcap,
];
