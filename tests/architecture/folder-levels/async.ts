import type { FolderLevels } from './folder-levels.ts';

export const asyncLevels: FolderLevels = { source: 'packages/async/src', levels: [], exceptions: [] };
