import type { DirectoryLevels } from './directory-levels.ts';

export const engineLevels: DirectoryLevels = {
  source: 'packages/engine/src',
  levels: [
    ['config', 'observe'],
    ['spec/apparmor', 'store', 'policy/document'],
    ['adoption', 'archives', 'references', 'spec', 'policy/lookaside', 'policy/openpgp', 'policy/sigstore'],
    ['distribution', 'preflight', 'policy'],
    ['supervise/host'],
    ['supervise'],
    ['serving/gate'],
    ['drivers', 'logs'],
    ['mounts'],
    ['collectors', 'drivers/legacy', 'serving', 'volumes'],
    ['operations'],
    ['operations/content', 'operations/control', 'operations/insight'],
    ['operations/catalog', 'operations/publish'],
    ['operations/install'],
    ['operations/check'],
  ],
};
