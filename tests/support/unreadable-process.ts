/**
 * A process whose command line cannot be read: readers wait in the kernel, because it holds the lock of its memory
 * while it waits for a file system that does not answer. Any user can create one.
 */
import type { HangingFileSystem } from './hanging-file-system.ts';

/**
 * Maps a file, changes it and, on a line of input, maps something else in its place: the kernel writes the change back
 * first, with the lock held. Usage: FILE NAME
 */
const program = `
my ($file, $name) = @ARGV;
my ($mmap, $read) = (POSIX::uname())[4] eq 'aarch64' ? (222, 63) : (9, 0);
open my $page, '+<', $file or die "open: $!";
open my $zero, '<', '/dev/zero' or die;
my $place = syscall $mmap, 0, 4096, 3, 1, fileno $page, 0; # PROT_READ | PROT_WRITE, MAP_SHARED
die "mmap: $!" if $place == -1;
die "read: $!" if syscall($read, fileno $zero, $place, 8) != 8;
$0 = $name;
$| = 1;
print "mapped\\n";
<STDIN>;
print "waits\\n";
syscall $mmap, $place, 4096, 1, 0x32, -1, 0; # PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS
sleep 1000;
`;

/** The command of such a process. @param file \`page\` of a hanging file system @param name of the process */
export function unreadableProcess(file: string, name: string): readonly string[] {
  return ['perl', '-MPOSIX', '-e', program, file, name];
}

/**
 * Wait until the process has changed the file, stop the file system, and let the process wait for it.
 *
 * @param output of the process
 * @param goOn writes to its input
 */
export async function makeUnreadable(
  fileSystem: HangingFileSystem,
  output: AsyncIterable<Buffer>,
  goOn: (line: Buffer) => unknown,
): Promise<void> {
  const lines = output[Symbol.asyncIterator]();
  await lines.next();
  await fileSystem.fallSilent();
  await goOn(Buffer.from('\n'));
  await lines.next();
}
