/**
 * Settings of installations and of transfers from and to registries; part of the table in `settings.ts`.
 */
import { byteSize, count, seconds } from './setting-kinds.ts';
import { setting, unset } from './setting-rows.ts';

/** The settings by their keys. */
export const transferSettings = {
  'max-concurrent-downloads': setting(count(1, 64), {
    flag: '--max-concurrent-downloads <number>',
    default: 3,
    help: 'layers of one plugin that are downloaded at once',
  }),
  'max-concurrent-uploads': setting(count(1, 64), {
    flag: '--max-concurrent-uploads <number>',
    default: 5,
    help: 'blobs of one plugin that are uploaded at once',
  }),
  'max-plugin-size': setting(byteSize, {
    flag: '--max-plugin-size <size>',
    default: 10 * 1024 ** 3,
    defaultText: '10g',
    help: 'refuse plugins that unpack to more, or whose layers have a tenth more than this',
    notes: 'in bytes, or with a unit: `512m`, `10g`',
  }),
  'free-space-reserve': unset(byteSize, {
    flag: '--free-space-reserve <size>',
    defaultText: '512m, or 5 % of a small file system',
    help: 'space of the file system of the data root that installations leave free',
    notes: 'see [disk space](#disk-space)',
  }),
  'download-retention': setting(seconds(0, 31_536_000), {
    flag: '--download-retention <seconds>',
    default: 86_400,
    help: 'remove what an interrupted download has, if it was not continued for this long',
    notes: 'see [disk space](#disk-space)',
  }),
};
