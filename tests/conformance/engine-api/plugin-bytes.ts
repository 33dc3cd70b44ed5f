/**
 * Plugins as bytes: archives for `create`, and config and layers for a registry.
 */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { ConfigDocument } from '../../support/plugin-fixture.ts';
import { type TarEntryFields, tarArchive } from '../../support/tar.ts';
import type { PluginArchive, PublishedPlugin } from './conformance-case.ts';

const socketName = 'conformance.sock';

/**
 * A volume driver with one volume under any name. Perl is part of Debian's base system and starts in a few
 * milliseconds; it is the host's, mounted, so that a plugin has a few kilobytes.
 */
const programText = `
use IO::Socket::UNIX;
$SIG{TERM} = sub { exit 0 };
my %answers = (
  'Plugin.Activate' => '{"Implements":["VolumeDriver"]}',
  'VolumeDriver.Capabilities' => '{"Capabilities":{"Scope":"local"}}',
  'VolumeDriver.List' => '{"Volumes":[],"Err":""}',
  'VolumeDriver.Get' => '{"Volume":{"Name":"conformance","Mountpoint":"/"},"Err":""}',
);
my $path = '/run/docker/plugins/${socketName}';
unlink $path;
my $server = IO::Socket::UNIX->new(Local => $path, Listen => 16) or die $!;
while (1) {
  my $client = $server->accept or next;
  my $request = '';
  $request .= $_ while $request !~ /\\r\\n\\r\\n/ && sysread $client, $_, 4096;
  my ($method) = $request =~ m{^POST /(\\S+)};
  my $body = $answers{$method // ''} // '{"Err":""}';
  my $type = 'application/vnd.docker.plugins.v1.2+json';
  my $head = "HTTP/1.1 200 OK\\r\\nContent-Type: $type\\r\\nConnection: close\\r\\n";
  print $client $head, 'Content-Length: ', length $body, "\\r\\n\\r\\n", $body;
  close $client;
}
`;

/** The smallest config with a value in every field that Docker shows. */
const plainConfig: ConfigDocument = {
  Description: 'for conformance',
  Documentation: 'https://example.com/conformance',
  Entrypoint: ['/plugin'],
  Interface: { Types: ['docker.volumedriver/1.0'], Socket: socketName },
  Network: { Type: '' },
  Linux: { Capabilities: null, AllowAllDevices: false, Devices: null },
  Mounts: null,
  Env: [{ Name: 'DEBUG', Description: 'log more', Value: '0', Settable: ['value'] }],
  Args: { Name: 'args', Description: '', Value: [], Settable: ['value'] },
};

/** The config that archive and published plugin share; mounts are added to those of the program. */
function configDocument({
  config = {},
  runs = false,
}: Pick<PluginArchive, 'config' | 'runs'>): ConfigDocument {
  if (!runs) return { ...plainConfig, ...config };
  const { Mounts = [], ...others } = config;
  // Cases are written as arrays here.
  const mounts = [...hostMounts(), ...(Mounts as readonly unknown[])];
  return { ...plainConfig, Entrypoint: ['/usr/bin/perl', '/plugin.pl'], Mounts: mounts, ...others };
}

function hostMounts(): readonly object[] {
  const directories = ['/usr', '/bin', '/lib', '/lib64', '/etc'].filter((directory) => existsSync(directory));
  return directories.map((directory) => ({
    Name: directory.slice(1),
    Description: 'programs and libraries of the host',
    Source: directory,
    Destination: directory,
    Type: 'bind',
    Options: ['rbind', 'ro'],
    Settable: null,
  }));
}

function rootfsEntries(runs: boolean): readonly TarEntryFields[] {
  const program = runs ? [{ name: 'plugin.pl', content: programText }] : [];
  return [{ name: 'README', content: 'for conformance' }, ...program];
}

/** Unique content: Docker refuses a plugin whose root filesystem equals another's. */
function uniqueArchive(entries: readonly TarEntryFields[]): Buffer {
  const mtime = randomInt(1, 2 ** 31);
  return tarArchive(entries.map((entry) => ({ mtime, ...entry })));
}

/** The body of `create`. */
export function archiveBytes(archive: PluginArchive): Buffer {
  const { configText = JSON.stringify(configDocument(archive)), runs = false, entries } = archive;
  const rootfs = [
    { type: 'directory' as const, name: 'rootfs' },
    ...rootfsEntries(runs).map((entry) => ({ ...entry, name: `rootfs/${entry.name}` })),
  ];
  const config = configText === null ? [] : [{ name: 'config.json', content: configText }];
  const tar = uniqueArchive([...config, ...(entries ?? rootfs)]);
  const bytes = archive.compression === 'gzip' ? gzipSync(tar) : tar;
  return bytes.subarray(0, archive.truncateTo);
}

/** Config and layers of a plugin for a registry. */
export function publishedBytes(plugin: PublishedPlugin): { config: Buffer; layers: readonly Buffer[] } {
  const { configText = JSON.stringify(configDocument(plugin)), runs = false } = plugin;
  const layers = plugin.layers ?? [rootfsEntries(runs)];
  return {
    config: Buffer.from(configText ?? ''),
    layers: layers.map((entries) => gzipSync(uniqueArchive(entries))),
  };
}
