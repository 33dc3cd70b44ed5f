/**
 * Mounts of the host, in the mount namespace of this process.
 */
import { buryMount, forgetBuried, reviveMounts } from './buried-mounts.ts';
import { guardMountPoint, liftGuard, liftGuards } from './mount-guards.ts';
import { findMountHolders } from './mount-holders.ts';
import { sharesMountNamespace } from './mount-namespace.ts';
import {
  lookUpMounts,
  makeSharedMount,
  mountsBelow,
  parseMountTable,
  readMountTable,
} from './mount-table.ts';
import { unmountAt, unmountBelow, unmountDead } from './unmount.ts';

/** Functions that read, make and remove mounts; each is documented where it is declared. */
export const hostMounts = {
  read: readMountTable,
  parse: parseMountTable,
  below: mountsBelow,
  makeShared: makeSharedMount,
  unmountBelow,
  unmountAt,
  unmountDead,
  sharesNamespace: sharesMountNamespace,
  lookUp: lookUpMounts,
  bury: buryMount,
  revive: reviveMounts,
  forgetBuried,
  guard: guardMountPoint,
  liftGuard,
  liftGuards,
  findHolders: findMountHolders,
} as const;
