import type { FolderLevels } from './folder-levels.ts';

export const protocolLevels: FolderLevels = {
  source: 'packages/protocol/src',
  levels: [
    ['connection'],
    ['calls'],
    ['drivers'],
    [
      'drivers/authorization',
      'drivers/ipam',
      'drivers/log',
      'drivers/metrics',
      'drivers/network',
      'drivers/secrets',
      'drivers/volume',
    ],
  ],
  exceptions: [],
};
