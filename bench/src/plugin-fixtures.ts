/**
 * The measured plugins: the packed example (about 100 MB in a few files), one that starts as fast as compiled programs
 * do, a tree of many small files, and one with a single file. Both engines get the same bytes.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, open, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeDirectories } from './make-directories.ts';

const run = promisify(execFile);
const packProgram = fileURLToPath(new URL('../../scripts/pack-plugin.mjs', import.meta.url));
const exampleDirectory = fileURLToPath(new URL('../../examples/volume-local', import.meta.url));

const manyFiles = 58_000;
const filesPerDirectory = 100;
const bytesPerFile = 3_100;
const hugeBytes = 1_000_000_000;

/** Files of the context of each plugin, as `plugin create` takes them: a tar of config.json and rootfs/. */
export interface PluginFixtures {
  /** Runs Node.js, which takes as long to start as its container. */
  readonly big: string;
  /** Listens a few milliseconds after its start, as plugins written in Go or C do. */
  readonly light: string;
  readonly many: string;
  /** One file of 1 GB. */
  readonly huge: string;
  /** Answers calls of a volume driver in microseconds. */
  readonly answering: string;
  readonly directory: string;
}

/** Names of the plugins. */
export type FixtureName = Exclude<keyof PluginFixtures, 'directory'>;

/** Write the contexts of measured plugins below a directory. @param names those that are needed: one takes a minute */
export async function makeFixtures(
  directory: string,
  names: ReadonlySet<FixtureName>,
): Promise<PluginFixtures> {
  await makeDirectories(directory);
  const makers: Readonly<Record<FixtureName, (into: string) => Promise<unknown>>> = {
    big: (into) => run(process.execPath, [packProgram, exampleDirectory, into]),
    light: (into) => makePerlPlugin(into, lightProgram),
    many: makeManyFiles,
    huge: makeHugeFile,
    answering: (into) => makePerlPlugin(into, answeringProgram, '/mnt/volumes'),
  };
  const files = {
    big: join(directory, 'big.tar'),
    light: join(directory, 'light.tar'),
    many: join(directory, 'many.tar'),
    huge: join(directory, 'huge.tar'),
    answering: join(directory, 'answering.tar'),
  };
  for (const name of names) {
    await makers[name](join(directory, name));
    await archive(join(directory, name));
  }
  return { directory, ...files };
}

/** A plugin with one small file of unique content. */
export async function makeTinyContext(parent: string, index: number): Promise<string> {
  const directory = join(parent, `tiny-${index}`);
  await makeDirectories(join(directory, 'rootfs'));
  await writeFile(join(directory, 'rootfs', 'number'), `${index}\n`);
  await writeFile(join(directory, 'config.json'), minimalConfig(`number ${index}`));
  const context = await archive(directory);
  await rm(directory, { recursive: true });
  return context;
}

/** Perl is part of Debian's base system and starts in milliseconds. @param propagated mount of the plugin; default none */
async function makePerlPlugin(directory: string, program: string, propagated = ''): Promise<void> {
  const rootfs = join(directory, 'rootfs');
  const perl = await realpath('/usr/bin/perl');
  const { stdout: modules } = await run(perl, [
    '-MIO::Socket::UNIX',
    '-MSocket',
    '-e',
    'print join "\n", values %INC',
  ]);
  const { stdout: libraries } = await run('ldd', [perl]);
  const objects = await objectsOf(modules.split('\n'));
  const files = [perl, ...modules.split('\n'), ...objects, ...(libraries.match(/\/\S+/g) ?? [])];
  for (const file of new Set(files)) {
    await makeDirectories(dirname(join(rootfs, file)));
    await copyFile(file, join(rootfs, file));
  }
  const directories = ['proc', 'sys', 'dev', 'run/docker/plugins', propagated];
  await makeDirectories(...directories.map((directory) => join(rootfs, directory)));
  await writeFile(join(rootfs, 'plugin.pl'), program);
  const config = { ...JSON.parse(minimalConfig('written in Perl')), propagatedMount: propagated };
  await writeFile(
    join(directory, 'config.json'),
    JSON.stringify({ ...config, entrypoint: [perl, '/plugin.pl'] }),
  );
}

const lightProgram = `
use IO::Socket::UNIX;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::UNIX->new(Local => '/run/docker/plugins/plugin.sock', Listen => 16) or die $!;
while (1) { my $client = $server->accept or next; 1 while sysread $client, my $request, 4096; close $client; }
`;

/** One process, many connections, as few system calls for each request as can be. */
const answeringProgram = `
use IO::Socket::UNIX;
$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
mkdir '/mnt/volumes/data';
my %answers = (
  Get => '{"Volume":{"Name":"data","Mountpoint":"/mnt/volumes/data"},"Err":""}',
  Mount => '{"Mountpoint":"/mnt/volumes/data","Err":""}',
  Capabilities => '{"Capabilities":{"Scope":"local"},"Err":""}',
);
my %responses;
my $server = IO::Socket::UNIX->new(Local => '/run/docker/plugins/plugin.sock', Listen => 128) or die $!;
my ($waiting, %clients, %pending) = ('');
vec($waiting, fileno($server), 1) = 1;
while (1) {
  select(my $ready = $waiting, undef, undef, undef) > 0 or next;
  if (vec($ready, fileno($server), 1) and my $client = $server->accept) {
    $clients{fileno $client} = $client;
    vec($waiting, fileno($client), 1) = 1;
  }
  for my $number (keys %clients) {
    next unless vec($ready, $number, 1);
    my $client = $clients{$number};
    if (!sysread $client, $pending{$number}, 65536, length($pending{$number} // '')) {
      vec($waiting, $number, 1) = 0;
      delete $clients{$number};
      delete $pending{$number};
      next;
    }
    while ($pending{$number} =~ /^POST \\/VolumeDriver\\.(\\w+) .*?\\r\\n\\r\\n/s) {
      my ($method, $size) = ($1, $+[0]);
      $size += $1 if substr($pending{$number}, 0, $size) =~ /content-length: *(\\d+)/i;
      last if length $pending{$number} < $size;
      substr($pending{$number}, 0, $size) = '';
      my $body = $answers{$method} // '{"Err":""}';
      $responses{$method} //= "HTTP/1.1 200 OK\\r\\nContent-Length: " . length($body) . "\\r\\n\\r\\n$body";
      syswrite $client, $responses{$method};
    }
  }
}
`;

/** The compiled halves of Perl modules: `auto/IO/IO.so` belongs to `IO.pm`. */
async function objectsOf(modules: readonly string[]): Promise<readonly string[]> {
  const { stdout: directories } = await run('perl', ['-e', 'print join "\n", @INC']);
  const objects: string[] = [];
  for (const directory of directories.split('\n')) {
    for (const module of modules.filter((path) => path.startsWith(`${directory}/`))) {
      const name = module.slice(directory.length + 1, -'.pm'.length);
      const object = join(directory, 'auto', name, `${basename(name)}.so`);
      if (await isFile(object)) objects.push(object);
    }
  }
  return objects;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // Most modules are pure Perl.
  }
}

async function makeManyFiles(directory: string): Promise<void> {
  await makeDirectories(join(directory, 'rootfs'));
  await writeFile(join(directory, 'config.json'), minimalConfig('many small files'));
  for (let first = 0; first < manyFiles; first += filesPerDirectory) {
    const parent = join(directory, 'rootfs', 'usr', 'lib', `module-${first / filesPerDirectory}`);
    await makeDirectories(parent);
    for (let index = first; index < Math.min(first + filesPerDirectory, manyFiles); index++) {
      await writeFile(join(parent, `file-${index}.js`), sourceLikeText(index));
    }
  }
}

/** Programs one after the other: content that compresses as those of plugins do. */
async function makeHugeFile(directory: string): Promise<void> {
  await makeDirectories(join(directory, 'rootfs'));
  await writeFile(join(directory, 'config.json'), minimalConfig('one large file'));
  await using file = await open(join(directory, 'rootfs', 'programs'), 'w');
  const program = await readFile(process.execPath);
  for (let size = 0; size < hugeBytes; size += program.length) await file.writeFile(program);
  await file.truncate(hugeBytes);
}

/** Text that compresses about as well as source code: half recurring words, half random digits. */
function sourceLikeText(seed: number): string {
  let text = '';
  for (let line = 0; text.length < bytesPerFile; line++) {
    const digest = createHash('sha256').update(`${seed}:${line}`).digest('hex');
    text += `export function handler_${line}(request, response) { return '${digest}'; }\n`;
  }
  return text.slice(0, bytesPerFile);
}

function minimalConfig(description: string): string {
  return JSON.stringify({
    description,
    interface: { types: ['docker.volumedriver/1.0'], socket: 'plugin.sock' },
    entrypoint: ['/plugin'],
    network: { type: '' },
    args: { name: 'args', value: [] },
    linux: {},
  });
}

async function archive(directory: string): Promise<string> {
  const file = `${directory}.tar`;
  await run('tar', [
    '--numeric-owner',
    '--owner=0',
    '--group=0',
    '-cf',
    file,
    '-C',
    directory,
    'config.json',
    'rootfs',
  ]);
  return file;
}
