/**
 * The table of the daemon's settings. The type of the configuration, the schema of the file, the flags and their help,
 * the defaults, what a reload changes, and the table in docs/daemon.md are derived from it.
 */
import { cgroupDrivers, defaultSecretPatterns } from '@outboard/engine';
import * as z from 'zod';
import { logFormats } from '../logging/log-format.ts';
import { logLevels } from '../logging/log-level.ts';
import { registrySettings } from './registry-settings.ts';
import { requestSettings } from './request-settings.ts';
import {
  fileMode,
  list,
  nonEmptyText,
  oneOf,
  path,
  pathOrNone,
  seconds,
  text,
  toggle,
} from './setting-kinds.ts';
import { reloadable, type Setting, setting, texts, unset } from './setting-rows.ts';
import { transferSettings } from './transfer-settings.ts';

/** Read when no other file is set; this one may be missing. */
export const defaultPolicyFile = '/etc/outboard/policy.json';

/** Up to a day: no timer of the daemon overflows. */
const restartDelay = seconds(0.1, 86_400);

/** Every setting by its key in the configuration file, in the order of `--help`. */
export const settings = {
  'data-root': setting(path, {
    flag: '--data-root <directory>',
    default: '/var/lib/outboard',
    help: 'where plugins and their content are kept',
    notes: 'one daemon at a time',
  }),
  'exec-root': setting(path, {
    flag: '--exec-root <directory>',
    default: '/run/outboard',
    help: 'where sockets and bundles of running plugins live',
  }),
  hosts: setting(list(z.array(z.string()).min(1)), {
    flag: '-H, --host <address>',
    default: (execRoot) => [`unix://${execRoot}/outboard.sock`],
    defaultText: 'unix://<exec-root>/outboard.sock',
    help: 'listen on unix:///PATH or tcp://ADDRESS[:PORT]; repeatable',
    notes: '`fd://` for sockets of [systemd](service.md)',
  }),
  group: unset(text, {
    flag: '-G, --group <group>',
    defaultText: 'outboard, if it exists',
    help: 'members of this group may use unix sockets; "" for root alone',
    notes: 'name or number: see [who may use it](#who-may-use-it)',
  }),
  tlsverify: setting(toggle, {
    flag: '--tlsverify',
    default: false,
    help: 'serve tcp:// hosts with TLS, and only clients with a certificate of --tlscacert',
    notes: 'see [remote-access.md](remote-access.md)',
  }),
  tlscacert: reloadable(
    setting(path, {
      flag: '--tlscacert <file>',
      default: '/etc/outboard/tls/ca.pem',
      help: 'authorities of client certificates',
    }),
  ),
  tlscert: reloadable(
    setting(path, {
      flag: '--tlscert <file>',
      default: '/etc/outboard/tls/cert.pem',
      help: 'certificate of this daemon',
      notes: 'followed by those between it and its authority',
    }),
  ),
  tlskey: reloadable(
    setting(path, {
      flag: '--tlskey <file>',
      default: '/etc/outboard/tls/key.pem',
      help: 'key of that certificate',
    }),
  ),
  tlscrl: reloadable(
    setting(path, {
      flag: '--tlscrl <file>',
      default: '',
      defaultText: 'none',
      help: 'client certificates that were revoked',
    }),
  ),
  tls: setting(toggle, {
    flag: '--tls',
    default: false,
    help: 'use TLS without asking clients for a certificate; needs --insecure-tcp',
  }),
  'insecure-tcp': setting(toggle, {
    flag: '--insecure-tcp',
    default: false,
    help: 'allow tcp:// hosts without --tlsverify, on loopback addresses only',
  }),
  ...registrySettings,
  'signature-policy': reloadable(
    setting(pathOrNone, {
      flag: '--signature-policy <file>',
      default: defaultPolicyFile,
      help: 'which plugins must be signed, and by whom; "" accepts all',
      notes: 'see [signatures.md](signatures.md); this file alone may be missing',
    }),
  ),
  'lookaside-dir': reloadable(
    setting(pathOrNone, {
      flag: '--lookaside-dir <directory>',
      default: '/etc/containers/registries.d',
      help: 'directory of files of Podman that say where signatures of OpenPGP are; "" for none',
      notes: 'see [signatures.md](signatures.md#openpgp)',
    }),
  ),
  ...transferSettings,
  ...requestSettings,
  'authorization-plugins': reloadable(
    setting(list(z.array(z.string().min(1))), {
      flag: '--authorization-plugin <plugin>',
      default: [],
      help: 'ask this plugin about every request and answer; repeatable, asked in the order given',
      notes: 'see [authorization.md](authorization.md)',
    }),
  ),
  'secret-settings': setting(list(z.array(z.string().min(1))), {
    flag: '--secret-setting <pattern>',
    default: defaultSecretPatterns,
    defaultText: defaultSecretPatterns.join(', '),
    help: 'settings of plugins with such a name are shown as ***; repeatable, in place of the default',
    notes: '`[]` for none: see [secrets.md](secrets.md)',
  }),
  'gateway-dir': setting(pathOrNone, {
    flag: '--gateway-dir <directory>',
    default: '/run/docker/plugins',
    help: 'directory of the sockets through which other engines use plugins; "" for none',
    notes: 'see [gateway.md](gateway.md)',
  }),
  'gateway-mode': setting(fileMode, {
    flag: '--gateway-mode <mode>',
    default: '0660',
    help: 'mode of those sockets',
  }),
  'gateway-group': unset(text, {
    flag: '--gateway-group <group>',
    defaultText: "the API's group",
    help: 'group that owns those sockets; "" for the group of root',
    notes: 'name or number',
  }),
  'gateway-log-dir': setting(pathOrNone, {
    flag: '--gateway-log-dir <directory>',
    default: '/run/docker/logging',
    help: 'where a Docker Engine makes the FIFOs of log drivers; "" for none',
    notes: 'see [docker-engine.md](docker-engine.md#log-drivers)',
  }),
  'metrics-addr': setting(text, {
    flag: '--metrics-addr <address:port>',
    default: '',
    defaultText: 'nowhere',
    help: 'serve Prometheus metrics there',
    notes: 'see [metrics.md](metrics.md)',
  }),
  'bridge-name': setting(text, {
    flag: '--bridge-name <name>',
    default: 'outboard0',
    help: 'bridge of plugins that ask for one',
    notes: 'see [networks.md](networks.md)',
  }),
  'bridge-subnet': setting(text, {
    flag: '--bridge-subnet <address/bits>',
    default: '10.87.0.0/24',
    help: 'IPv4 subnet of the bridge',
  }),
  dns: setting(texts, {
    flag: '--dns <address>',
    default: [],
    defaultText: 'those of the host',
    help: 'name server of plugins on the bridge; repeatable',
  }),
  'live-restore': setting(toggle, {
    flag: '--no-live-restore',
    default: true,
    help: 'stop plugins when the daemon stops',
    notes: 'otherwise they [go on running](supervision.md#when-the-daemon-is-away)',
  }),
  'restart-delay': setting(restartDelay, {
    flag: '--restart-delay <seconds>',
    default: 1,
    help: 'pause before a plugin that failed is started again, doubled each time',
  }),
  'restart-max-delay': setting(restartDelay, {
    flag: '--restart-max-delay <seconds>',
    default: 60,
    help: 'upper bound of that pause',
  }),
  runtime: setting(nonEmptyText, {
    flag: '--runtime <runtime>',
    default: 'runc',
    help: 'OCI runtime: runc, crun or a path',
  }),
  'cgroup-driver': unset(oneOf(cgroupDrivers), {
    flag: '--cgroup-driver <driver>',
    defaultText: 'systemd where it runs the host, else cgroupfs',
    help: 'creates the cgroups of plugins',
    notes: "as Docker's `native.cgroupdriver`: see [service.md](service.md#cgroups)",
  }),
  'log-level': setting(oneOf(logLevels), {
    flag: '--log-level <level>',
    default: 'info',
    help: 'lowest level to log',
  }),
  'log-format': unset(oneOf(logFormats), {
    flag: '--log-format <format>',
    defaultText: 'journald for the journal of systemd, text for a terminal, else json',
    help: 'format of the log',
  }),
  'log-plugins': setting(toggle, {
    flag: '--no-log-plugins',
    default: true,
    help: 'leave the output of plugins out of the log (outboard logs shows it)',
    notes: 'see [logs.md](logs.md#in-the-log-of-the-daemon)',
  }),
};

type Settings = typeof settings;
/** A key of the configuration file. */
export type SettingKey = keyof Settings;
/** The type of a setting's value; includes undefined where the host decides. */
export type SettingValue<Key extends SettingKey> = Settings[Key] extends Setting<infer Value> ? Value : never;
/** A key whose changed value a reload puts in force. */
export type ReloadableKey = {
  [Key in SettingKey]: Settings[Key] extends { readonly reloadable: true } ? Key : never;
}[SettingKey];

/** The keys in the order of the table. */
export const settingKeys = Object.keys(settings) as readonly SettingKey[]; // the table has no other keys
