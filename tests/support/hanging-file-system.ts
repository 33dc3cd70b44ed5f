/**
 * A FUSE file system whose server can stop answering, as a network file system does: a directory with an empty
 * directory `inside` and a file `page` of 4096 bytes. Requests during that time wait, unkillably, until it answers
 * again or is aborted.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface HangingFileSystem extends AsyncDisposable {
  /** Answer nothing from now on. */
  fallSilent(): Promise<void>;
  /** Answer waiting requests, and all further ones. */
  speak(): Promise<void>;
  /** End the server; the file system stays mounted and is unusable. */
  die(): Promise<void>;
}

/** @see linux/fuse.h: the structures are fuse_in_header, fuse_out_header, fuse_init_out, fuse_attr_out, fuse_entry_out, fuse_kstatfs */
const server = `
use strict;
use Fcntl;
$| = 1;
$^F = 100; # mount(8) takes the descriptor over
my ($path) = @ARGV;
sysopen my $fuse, '/dev/fuse', O_RDWR or die "open: $!";
my $options = 'fd=' . fileno($fuse) . ',rootmode=40000,user_id=0,group_id=0,allow_other';
system('mount', '-i', '-n', '-t', 'fuse', '-o', $options, 'silent', $path) == 0 or die 'mount';
my $silent = 0;
my @waiting;
$SIG{USR1} = sub { $silent = 1; print "silent\\n" };
$SIG{USR2} = sub { $silent = 0; answer($_) for splice @waiting; print "speaks\\n" };
while (1) {
  my $size = sysread $fuse, my $request, 1 << 20;
  next if !defined $size && ($!{EINTR} || $!{ENOENT});
  exit 0 unless $size;
  my $code = unpack 'x4 L', $request;
  if ($silent && $code != 26) { push @waiting, $request } else { answer($request) }
  print "mounted\\n" if $code == 26;
}
sub answer {
  my ($code, $unique, $node, $name) = unpack 'x4 L Q Q x16 Z*', shift;
  my @entry = $name eq 'inside' ? (2, 0, 0040755) : $name eq 'page' ? (3, 4096, 0100644) : ();
  my ($size, $mode) = $node == 3 ? (4096, 0100644) : (0, 0040755);
  return if $code == 2 || $code == 36 || $code == 42; # FORGET, INTERRUPT, BATCH_FORGET
  my $body = { 26 => pack('L4 S2 L2 S2 L8', 7, 31, 65536, 0, 12, 9, 65536, 1, 32, 0, (0) x 8),
    3 => pack('Q L2 Q6 L10', 0, 0, 0, $node, $size, (0) x 4, (0) x 3, $mode, 2, (0) x 3, 4096, 0),
    @entry ? (1 => pack('Q4 L2 Q6 L10', $entry[0], (0) x 5, $entry[0], $entry[1], (0) x 4, (0) x 3,
      $entry[2], 2, (0) x 3, 4096, 0)) : (),
    $node == 3 ? (14 => pack('Q L2', 0, 0, 0), 15 => "\\0" x 4096) : (),
    17 => pack('Q5 L10', (1000) x 5, 4096, 255, 4096, (0) x 7) }->{$code};
  my $error = defined $body ? 0 : $code == 1 ? -2 : -38; # LOOKUP: ENOENT; others: ENOSYS
  $body //= '';
  syswrite $fuse, pack('L l Q', 16 + length $body, $error, $unique) . $body;
}
`;

/** @param path a directory to mount it on */
export async function mountHangingFileSystem(path: string): Promise<HangingFileSystem> {
  const child = spawn('perl', ['-e', server, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const said = Promise.race([
    once(lines, 'line'),
    ended.then(() => Promise.reject(new Error('cannot mount'))),
  ]);
  await said;
  const tell = async (signal: NodeJS.Signals) => {
    const heard = once(lines, 'line');
    child.kill(signal);
    await heard;
  };
  const die = async () => {
    // Closing the last descriptor of the device aborts all waiting requests.
    child.kill('SIGKILL');
    await ended;
  };
  return {
    fallSilent: () => tell('SIGUSR1'),
    speak: () => tell('SIGUSR2'),
    die,
    async [Symbol.asyncDispose]() {
      await die();
      if (readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `)) {
        execFileSync('umount', ['-l', path]);
      }
    },
  };
}
