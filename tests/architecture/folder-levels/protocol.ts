import type { FolderLevels } from './folder-levels.ts';

export const protocolLevels: FolderLevels = { source: 'packages/protocol/src', levels: [], exceptions: [] };
