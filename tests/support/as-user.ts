/**
 * Access of unprivileged users of the host, tried by a process of such a user.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A user who owns no file, with these supplementary groups. */
export interface TestUser {
  readonly groups: readonly number[];
}

const nobody = 65_534;

/** Perl, because every user of a Debian machine can run it, and may not be able to read this repository. */
const attempts = `
use IO::Socket::UNIX;
for my $path (@ARGV) {
  my @did;
  if (my $socket = IO::Socket::UNIX->new(Peer => $path)) {
    print $socket "GET /_ping HTTP/1.0\\r\\n\\r\\n";
    local $/;
    push @did, 'answered' if (<$socket> // '') =~ /200 OK/;
    push @did, 'connected' unless @did;
  }
  push @did, 'listed' if opendir my $directory, $path;
  push @did, 'read' if -f $path && open my $file, '<', $path;
  push @did, 'entered' if chdir $path;
  chdir '/';
  print join(',', @did) || 'nothing', "\\n";
}
`;

/**
 * Connect to, list, read and enter paths.
 *
 * @returns successful attempts for each path: `nothing`, or some of `answered`, `connected`, `listed`, `read`,
 * `entered`
 */
export async function tryPaths(user: TestUser, paths: readonly string[]): Promise<readonly string[]> {
  const groups = user.groups.length === 0 ? ['--clear-groups'] : ['--groups', user.groups.join(',')];
  const { stdout } = await promisify(execFile)('setpriv', [
    ...[`--reuid=${nobody}`, `--regid=${nobody}`, ...groups, '--', 'perl', '-e', attempts, ...paths],
  ]);
  return stdout.trimEnd().split('\n');
}
