/**
 * The list that is shipped: few plugins, each with what its project says about it. An entry is added or changed after a look
 * at the project's config, licence and installation notes; the day of the last look at all of them is the review date.
 */
import type { PluginList } from './plugin-catalog.ts';

/** Plugins that are known to install. */
export const reviewedPlugins: PluginList = {
  reviewed: '2026-11-30',
  plugins: [
    {
      name: 'costela/docker-volume-hetzner',
      description: 'Volumes of Hetzner Cloud',
      kinds: ['volume'],
      license: 'MIT',
      privileges: ['network: host', 'mount: /dev/', 'allow-all-devices', 'capabilities: CAP_SYS_ADMIN'],
      note: 'Its author calls it alpha. Needs the setting apikey, and a server whose host name is that in Hetzner Cloud.',
      homepage: 'https://github.com/costela/docker-volume-hetzner',
    },
    {
      name: 'grafana/loki-docker-driver',
      description: 'Sends the output of containers to Grafana Loki',
      kinds: ['log'],
      license: 'Apache-2.0',
      lastRelease: { version: '3.7.8' },
      privileges: ['network: host'],
      note: 'Released with Loki, whose versions are its tags; maintained as one of the third-party clients of Loki.',
      homepage: 'https://grafana.com/docs/loki/latest/send-data/docker-driver/',
    },
    {
      name: 'linode/docker-volume-linode',
      description: 'Block Storage of Linode',
      kinds: ['volume'],
      license: 'Apache-2.0',
      privileges: ['network: host', 'mount: /dev', 'allow-all-devices', 'capabilities: CAP_SYS_ADMIN'],
      note: 'Needs the setting linode-token. One host at a time can use a volume.',
      homepage: 'https://github.com/linode/docker-volume-linode',
    },
    {
      name: 'rclone/docker-volume-rclone:amd64',
      description: 'Cloud storage of any kind, SFTP, WebDAV and others, through rclone',
      kinds: ['volume'],
      license: 'MIT',
      lastRelease: { version: '1.75.1', date: '2026-09-04' },
      privileges: [
        'network: host',
        'mount: /var/lib/docker-plugins/rclone/config',
        'mount: /var/lib/docker-plugins/rclone/cache',
        'device: /dev/fuse',
        'capabilities: CAP_SYS_ADMIN',
      ],
      note: 'Tags are processors, such as amd64. The two directories must exist: install with --create-mounts.',
      homepage: 'https://rclone.org/docker/',
    },
    {
      name: 'vieux/sshfs',
      description: 'Directories of other hosts over SSH',
      kinds: ['volume'],
      license: 'MIT',
      privileges: [
        'network: host',
        'mount: /var/lib/docker/plugins/',
        'mount: a path that is set later',
        'device: /dev/fuse',
        'capabilities: CAP_SYS_ADMIN',
      ],
      note: 'An example of the documentation of Docker that makes no releases; rclone reaches SFTP servers as well.',
      homepage: 'https://github.com/vieux/docker-volume-sshfs',
    },
  ],
};
