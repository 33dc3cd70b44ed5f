import type { DirectoryLevels } from './directory-levels.ts';

export const engineLevels: DirectoryLevels = {
  source: 'packages/engine/src',
  levels: [
    ['config'],
    ['spec/apparmor', 'store'],
    ['observe', 'spec', 'uses'],
    ['distribution', 'preflight'],
    ['supervise'],
    ['drivers', 'logs'],
    ['collectors', 'drivers/legacy'],
    ['operations'],
    ['volumes'],
  ],
  exceptions: [
    'drivers -> drivers/legacy',
    'volumes -> the top',
    'operations -> volumes',
    'operations -> the top',
  ],
};
