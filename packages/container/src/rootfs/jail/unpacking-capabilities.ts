/**
 * The capabilities that unpacking takes: owners, modes, devices and file capabilities of entries.
 */
import { capabilities } from '../../linux/process-confinement.ts';

/** All that the main thread of a jail's child keeps; its other threads keep none. */
export const unpackingCapabilities: readonly number[] = [
  capabilities.chown,
  capabilities.dacOverride,
  capabilities.fowner,
  capabilities.fsetid,
  capabilities.mknod,
  capabilities.setfcap,
];
