/**
 * A volume plugin whose volumes are ext4 file systems in image files, mounted over loop devices below its propagated
 * mount: kernel mounts, which outlive the processes of the plugin. It starts in milliseconds, and uses the host's Perl,
 * mkfs.ext4 and mount. It writes the calls that mount and unmount to its log.
 */

import { needsPrograms } from './packed-programs.ts';
import { perlServer } from './perl-server.ts';
import { type PluginArchiveOptions, pluginArchive } from './plugin-archive.ts';

/** For `{ skip: needsExt4 }`: false on a machine with mkfs.ext4 and loop devices. */
export const needsExt4 = needsPrograms('/usr/sbin/mkfs.ext4', '/dev/loop-control');

/**
 * Counting of mounts. `none`: `Unmount` unmounts at once. `memory`: the plugin counts calls in memory, as vieux/sshfs
 * does: after a crash the count goes below zero, and the next `Mount` answers with the path of an unmounted directory.
 */
export type MountCounting = 'none' | 'memory';

const beginning = (counting: MountCounting) => `
my ($root, $images) = ('/mnt/volumes', '/mnt/volumes/.images');
my $counting = ${counting === 'memory' ? 1 : 0};
my %count;
mkdir $images;
`;

const answering = `
sub is_mounted {
  my ($path) = @_;
  open my $table, '<', '/proc/self/mountinfo' or die $!;
  return scalar grep { (split / /)[4] eq $path } <$table>;
}
sub run {
  my $output = \`@_ 2>&1\`;
  $output =~ s/[^ -!#-[\\]-~]+/ /g;
  return $? == 0 ? '{}' : qq({"Err":"@_: $output"});
}
sub answer {
  my ($call, $name) = @_;
  print "$call $name\\n" if $call =~ /ount$/;
  my ($path, $image) = ("$root/$name", "$images/$name");
  return '{"Implements":["VolumeDriver"]}' if $call eq '/Plugin.Activate';
  return '{"Capabilities":{"Scope":"local"}}' if $call eq '/VolumeDriver.Capabilities';
  if ($call eq '/VolumeDriver.List') {
    my @names = map { m{([^/]+)$} } glob "$images/*";
    return '{"Volumes":[' . join(',', map { qq({"Name":"$_","Mountpoint":"$root/$_"}) } @names) . ']}';
  }
  if ($call eq '/VolumeDriver.Create') {
    return '{}' if -e $image;
    mkdir $path;
    open my $file, '>', $image or return '{"Err":"cannot create the image"}';
    truncate $file, 8 << 20;
    close $file;
    return run('mkfs.ext4', '-q', '-E', 'lazy_itable_init=1,nodiscard', '-O', '^has_journal', $image);
  }
  return '{"Err":"no such volume"}' unless -e $image;
  return qq({"Volume":{"Name":"$name","Mountpoint":"$path"}}) if $call eq '/VolumeDriver.Get';
  return qq({"Mountpoint":"$path"}) if $call eq '/VolumeDriver.Path';
  if ($call eq '/VolumeDriver.Mount') {
    my $must_mount = $counting ? ++$count{$name} == 1 : !is_mounted($path);
    my $result = $must_mount ? run('mount', '-o', 'loop', $image, $path) : '{}';
    return $result eq '{}' ? qq({"Mountpoint":"$path"}) : $result;
  }
  if ($call eq '/VolumeDriver.Unmount') {
    return '{}' if $counting && --$count{$name} > 0;
    return is_mounted($path) ? run('umount', $path) : '{}';
  }
  if ($call eq '/VolumeDriver.Remove') {
    return '{"Err":"volume is mounted"}' if is_mounted($path);
    unlink $image;
    rmdir $path;
  }
  return '{}';
}
`;

/** The plugin, for `pluginContext` and `pluginArchive`. @param config keys that replace those of the fixture's config */
export function ext4Plugin(
  counting: MountCounting = 'none',
  config: PluginArchiveOptions['config'] = {},
): PluginArchiveOptions {
  return {
    script: '',
    files: { '/plugin.pl': perlServer(beginning(counting), answering), '/mnt/volumes/.keep': '' },
    config: {
      Entrypoint: ['/usr/bin/perl', '/plugin.pl'],
      PropagatedMount: '/mnt/volumes',
      Linux: { Capabilities: ['CAP_SYS_ADMIN'], AllowAllDevices: true, Devices: null },
      Mounts: [
        {
          Name: 'dev',
          Description: 'loop devices',
          Source: '/dev',
          Destination: '/dev',
          Type: 'bind',
          Options: ['rbind'],
          Settable: null,
        },
      ],
      ...config,
    },
  };
}

/** The same as an archive. */
export function ext4PluginArchive(...options: Parameters<typeof ext4Plugin>): Buffer {
  return pluginArchive(ext4Plugin(...options));
}
