/**
 * System calls inside a plugin, by number, through the Perl of Debian's base system.
 */

type Call = 'move_pages' | 'userfaultfd' | 'kcmp' | 'keyctl';

/** Numbers of the calls, and arguments with which they succeed without privileges. */
const calls: Readonly<Record<string, Readonly<Record<Call, string>>>> = {
  x64: {
    move_pages: '279, 0, 0, 0, 0, 0, 0',
    // UFFD_USER_MODE_ONLY
    userfaultfd: '323, 1',
    // KCMP_FILE of its own descriptor 0
    kcmp: '312, $$, $$, 0, 0, 0',
    // KEYCTL_GET_KEYRING_ID of the session's keyring
    keyctl: '250, 0, -3, 0',
  },
  arm64: {
    move_pages: '239, 0, 0, 0, 0, 0, 0',
    userfaultfd: '282, 1',
    kcmp: '272, $$, $$, 0, 0, 0',
    keyctl: '219, 0, -3, 0',
  },
};

/** A shell script that makes a system call and prints `ok` or the name of its error. */
export function systemCall(name: Call): string {
  const call = calls[process.arch]?.[name];
  if (call === undefined) throw new Error(`add the number of ${name} on ${process.arch}`);
  return `perl -MErrno -e 'print syscall(${call}) < 0 ? (grep { $!{$_} } keys %!)[0] : "ok"'`;
}
