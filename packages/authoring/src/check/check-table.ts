/**
 * All checks, in the order of the report. docs/conformance.md is generated from this table.
 */

import { authorizationChecks } from './kinds/authorization-checks.ts';
import type { Check } from './kinds/check.ts';
import { ipamChecks } from './kinds/ipam-checks.ts';
import { logChecks } from './kinds/log-checks.ts';
import { crashChecks, mountChecks } from './kinds/mount-checks.ts';
import { networkChecks } from './kinds/network-checks.ts';
import { metricsChecks, secretChecks } from './kinds/other-kind-checks.ts';
import { processChecks } from './kinds/process-checks.ts';
import { protocolChecks } from './kinds/protocol-checks.ts';
import { requestChecks } from './kinds/request-checks.ts';
import { volumeChecks } from './kinds/volume-checks.ts';
import type { CheckLevel } from './report/check-report.ts';

/** A check as lists and documents show it. */
export interface CheckDescription {
  readonly code: string;
  /** Absent for checks of config and root filesystem, where each finding has its own. */
  readonly level?: CheckLevel | undefined;
  readonly title: string;
  /** Capability of the plugins that it is about; absent for all. */
  readonly kind?: string | undefined;
}

/** Checks of `config.json` and of the root filesystem: nothing runs. */
export const staticChecks: readonly CheckDescription[] = [
  ['config/document', 'config.json is a JSON object with values of the right types, each key once.'],
  ['config/unknown-key', 'All keys are known, and in their place.'],
  ['config/author-option', 'Values under "outboard" are options that an author may ask for.'],
  ['config/length', 'Lists have at most 1024 entries.'],
  ['config/hidden-text', 'Texts hold no characters that a terminal shows as others.'],
  ['config/interface-type', 'Types have the form docker.volumedriver/1.0, with a kind that engines call.'],
  ['config/protocol-scheme', 'The scheme is empty or moby.plugins.http/v1.'],
  ['config/socket', 'The socket is one file name that fits a path of a unix socket.'],
  ['config/entrypoint', 'There is an entrypoint.'],
  ['config/argument', 'Arguments hold no NUL and fit the limit of Linux.'],
  ['config/work-directory', 'The working directory is a clean absolute path, outside of /proc and /dev.'],
  ['config/env', 'Variables have names without "=".'],
  ['config/duplicate-name', 'Each setting has a name of its own.'],
  ['config/settable', 'Settings are reachable by "set": a name, and the field that can be set.'],
  ['config/mount', 'Mounts are binds or tmpfs with a source, a destination and options that have effect.'],
  ['config/shared-mount', 'Shared mounts have no other mount below them.'],
  [
    'config/propagated-mount',
    'The propagated mount is a directory that nothing covers, away from the socket directory.',
  ],
  ['config/device', 'Devices are clean absolute paths.'],
  ['config/capability', 'Capabilities exist, and are listed once.'],
  ['config/network', 'The network is host, bridge or none.'],
  ['rootfs/program', 'The program of the entrypoint is in the root filesystem, and is executable.'],
  ['rootfs/interpreter', 'The interpreter of a script is there.'],
  ['rootfs/loader', 'The dynamic loader of the program is there.'],
  ['rootfs/format', 'The program is one of Linux, or a script.'],
  ['rootfs/architecture', 'The program is built for the processor of this host.'],
].map(([code = '', title = '']) => ({ code, title }));

/** Checks of the start and of the stop, which have no table of their own. */
export const lifeChecks = {
  ready: {
    code: 'start/ready',
    level: 'error',
    title: 'The plugin starts, and its socket accepts connections.',
  },
  late: {
    code: 'start/late',
    level: 'warning',
    title: 'The socket accepts connections within 9 seconds: Docker gives up then.',
  },
  stop: {
    code: 'stop/signal',
    level: 'error',
    title: 'The plugin ends within 10 seconds after SIGTERM.',
  },
  privilege: {
    code: 'privilege/unused',
    level: 'note',
    title:
      'Each privilege is needed: without it the plugin does not start, or fails one of a few calls of its kind.',
  },
} as const satisfies Readonly<Record<string, CheckDescription>>;

/** Checks of the running plugin, in the order in which they are made. */
export const runningChecks: readonly Check[] = [
  ...protocolChecks,
  ...requestChecks,
  ...volumeChecks,
  ...mountChecks,
  ...authorizationChecks,
  ...networkChecks,
  ...ipamChecks,
  ...logChecks,
  ...secretChecks,
  ...metricsChecks,
  ...processChecks,
  ...crashChecks,
];

/** Every check. */
export const allChecks: readonly CheckDescription[] = [
  ...staticChecks,
  lifeChecks.ready,
  lifeChecks.late,
  ...runningChecks,
  lifeChecks.privilege,
  lifeChecks.stop,
];
