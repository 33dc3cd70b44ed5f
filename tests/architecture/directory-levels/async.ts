import type { DirectoryLevels } from './directory-levels.ts';

export const asyncLevels: DirectoryLevels = { source: 'packages/async/src', levels: [] };
