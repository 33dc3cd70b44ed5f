import type { DirectoryLevels } from './directory-levels.ts';

export const engineLevels: DirectoryLevels = {
  source: 'packages/engine/src',
  levels: [
    ['config', 'observe'],
    ['spec/apparmor', 'store'],
    ['archives', 'references', 'spec', 'policy'],
    ['distribution', 'preflight'],
    ['supervise/host'],
    ['supervise'],
    ['serving/gate'],
    ['drivers', 'logs'],
    ['mounts'],
    ['collectors', 'drivers/legacy', 'serving', 'volumes'],
    ['operations'],
    ['operations/control', 'operations/insight'],
    ['operations/catalog', 'operations/install'],
  ],
};
