/**
 * The choices about the cgroup of a container that its spec depends on.
 */
import { chooseCgroupDriver, createCgroupsPath } from './cgroup-driver.ts';
import { canLimitSwap } from './swap-limit.ts';
import { scopeAnnotations } from './systemd-scope.ts';

/** Functions for the cgroup part of a runtime spec; each is documented where it is declared. */
export const cgroups = {
  chooseDriver: chooseCgroupDriver,
  createPath: createCgroupsPath,
  scopeAnnotations,
  canLimitSwap,
} as const;
