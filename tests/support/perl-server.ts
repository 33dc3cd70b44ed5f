/**
 * An HTTP server in Perl for plugins of tests: Perl starts in milliseconds, and every Debian machine has it.
 */
import { fixtureSocket } from './plugin-fixture.ts';

/**
 * A program that serves volumes. Names of volumes are made of small letters, digits and hyphens, so that it needs no JSON
 * parser. It writes `listening` to stdout and `ready` to stderr.
 *
 * @param beginning runs once, before the socket exists
 * @param answering `sub answer` and others; it takes the path of a call and the name of a volume, and returns JSON
 */
export function perlServer(beginning: string, answering: string): string {
  return `
use strict;
use IO::Socket::UNIX;
$| = 1;
$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
${beginning}
my $server = IO::Socket::UNIX->new(Local => '/run/docker/plugins/${fixtureSocket}', Listen => 128) or die $!;
print "listening\\n";
print STDERR "ready\\n";
while (1) {
  my $client = $server->accept or next;
  my ($head, $body) = ('', '');
  1 while $head !~ /\\r\\n\\r\\n/ and sysread $client, $head, 4096, length $head;
  ($head, $body) = split /\\r\\n\\r\\n/, $head, 2;
  my $length = $head =~ /^content-length: *(\\d+)/im ? $1 : 0;
  1 while length $body < $length and sysread $client, $body, 4096, length $body;
  my ($call) = $head =~ /^POST (\\S+)/ or next;
  my ($name) = $body =~ /"Name": *"([a-z0-9-]*)"/;
  my $answer = answer($call, $name // '');
  printf $client "HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s", length $answer, $answer;
  close $client;
}
${answering}
`;
}
