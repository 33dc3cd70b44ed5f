/**
 * mount(2) and umount2(2).
 */
import { bindCall, checkResult } from './libc.ts';

/** Flags of mount(2), as in `<sys/mount.h>`. */
export const mountFlags = {
  readOnly: 0x1,
  noSuid: 0x2,
  noDevices: 0x4,
  noExec: 0x8,
  remount: 0x20,
  bind: 0x1000,
  recursive: 0x4000,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
} as const;

/** Flags of umount2(2). */
export const unmountFlags = { detach: 0x2, noFollow: 0x8 } as const;

const mountCall = bindCall<[string, string, string | null, number, string | null]>(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const unmountCall = bindCall<[Uint8Array, number]>('int umount2(const void *target, int flags)');

/**
 * Mount, bind or change a mount, depending on the flags.
 * @param options.type file system; absent for binds and changes of propagation
 * @throws {ErrnoError}
 */
export function mount(
  source: string,
  target: string,
  flags: number,
  options: { readonly type?: string; readonly data?: string } = {},
): void {
  checkResult(mountCall(source, target, options.type ?? null, flags, options.data ?? null), 'mount', target);
}

/**
 * Unmount the topmost mount at a path, which need not be UTF-8. @throws {ErrnoError} EINVAL when nothing is mounted
 * there
 */
export function unmount(target: Buffer, flags: number): void {
  const terminated = Buffer.concat([target, Buffer.alloc(1)]);
  checkResult(unmountCall(terminated, flags), 'umount2', target.toString());
}
