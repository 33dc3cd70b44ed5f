/**
 * The settings that bound what clients of the API can use.
 */
import { byteSize, count, seconds } from './setting-kinds.ts';
import { setting } from './setting-rows.ts';

/** Rows of the table of settings. */
export const requestSettings = {
  'max-connections': setting(count(1, 65_536), {
    flag: '--max-connections <number>',
    default: 4096,
    help: 'connections to one unix socket of the API',
    notes: 'see [requests](limits.md#requests)',
  }),
  'max-tcp-connections': setting(count(1, 65_536), {
    flag: '--max-tcp-connections <number>',
    default: 512,
    help: 'connections to one TCP address of the API',
  }),
  'max-body-memory': setting(byteSize, {
    flag: '--max-body-memory <size>',
    default: 64 * 1024 ** 2,
    defaultText: '64m',
    help: 'memory for documents in all requests together; TCP clients get three quarters of it',
  }),
  'request-timeout': setting(seconds(1, 86_400), {
    flag: '--request-timeout <seconds>',
    default: 60,
    help: 'pause in the body of a request after which it is refused; a document has twice that in all',
  }),
};
