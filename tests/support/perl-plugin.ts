/**
 * A plugin that starts in milliseconds with little memory, so that a test can have many and start them often: a volume
 * driver in Perl, which every Debian machine has. Its volumes are directories of its propagated mount, and outlive it.
 */

import { perlServer } from './perl-server.ts';
import { type PluginArchiveOptions, pluginArchive } from './plugin-archive.ts';

/** Additional behaviours of the plugin, once at each start. */
export const perlPluginBehaviors = {
  /** Nothing. */
  plain: '',
  /** Leaves processes in sessions of their own that ignore SIGTERM. */
  forks: `
    use POSIX 'setsid';
    for (1 .. 2) {
      next if fork;
      $SIG{TERM} = 'IGNORE';
      setsid;
      fork;
      sleep 1 while 1;
    }
  `,
  /** Mounts below its propagated mount, one on another and one below another, and unmounts nothing. */
  mounts: `
    mkdir "$root/leaked";
    for (1 .. 3) {
      system('mount', '-t', 'tmpfs', 'leaked', "$root/leaked") == 0 or die 'cannot mount';
      mkdir "$root/leaked/below";
      system('mount', '-t', 'tmpfs', 'leaked', "$root/leaked/below") == 0 or die 'cannot mount';
    }
  `,
  /** Writes output without end, as fast as it is read. */
  floods: `
    unless (fork) {
      my $line = ('x' x 1023) . "\\n";
      print $line x 64 while 1;
    }
  `,
} as const;

export type PerlPluginBehavior = keyof typeof perlPluginBehaviors;

const beginning = (behavior: PerlPluginBehavior) => `
my $root = '/mnt/volumes';
${perlPluginBehaviors[behavior]}
$SIG{CHLD} = 'IGNORE';
`;

const answering = `
sub answer {
  my ($call, $name) = @_;
  my $path = "$root/volume-$name";
  return '{"Implements":["VolumeDriver"]}' if $call eq '/Plugin.Activate';
  return '{"Capabilities":{"Scope":"local"}}' if $call eq '/VolumeDriver.Capabilities';
  if ($call eq '/VolumeDriver.List') {
    my @names = map { /volume-(.*)/ } glob "$root/volume-*";
    return '{"Volumes":[' . join(',', map { qq({"Name":"$_","Mountpoint":"$root/volume-$_"}) } @names) . ']}';
  }
  mkdir $path if $call eq '/VolumeDriver.Create';
  return '{"Err":"no such volume"}' unless -d $path;
  rmdir $path if $call eq '/VolumeDriver.Remove';
  return qq({"Volume":{"Name":"$name","Mountpoint":"$path"}}) if $call eq '/VolumeDriver.Get';
  return qq({"Mountpoint":"$path"}) if $call eq '/VolumeDriver.Mount' or $call eq '/VolumeDriver.Path';
  return '{}';
}
`;

/** A plugin for `pluginArchive` and `pluginContext`. @param config keys that replace those of the fixture's config */
export function perlPlugin(
  habit: PerlPluginBehavior = 'plain',
  config: PluginArchiveOptions['config'] = {},
): PluginArchiveOptions {
  return {
    script: '',
    files: filesOf(beginning(habit), answering),
    config: {
      Entrypoint: ['/usr/bin/perl', '/plugin.pl'],
      PropagatedMount: '/mnt/volumes',
      Linux: {
        Capabilities: habit === 'mounts' ? ['CAP_SYS_ADMIN'] : null,
        AllowAllDevices: false,
        Devices: null,
      },
      ...config,
    },
  };
}

/** The same as an archive. */
export function perlPluginArchive(...options: Parameters<typeof perlPlugin>): Buffer {
  return pluginArchive(perlPlugin(...options));
}

/** An archive of the plugin with answers of its own. @param answer the Perl function `answer`, as `perlServer` takes it */
export function perlDriverArchive(answer: string): Buffer {
  return pluginArchive({ ...perlPlugin(), files: filesOf('', answer) });
}

function filesOf(begin: string, answer: string): Readonly<Record<string, string>> {
  return { '/plugin.pl': perlServer(begin, answer), '/mnt/volumes/.keep': '' };
}
