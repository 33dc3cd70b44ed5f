import type { DirectoryLevels } from './directory-levels.ts';

export const protocolLevels: DirectoryLevels = {
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
};
