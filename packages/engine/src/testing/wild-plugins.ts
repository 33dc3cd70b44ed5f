/**
 * Configs with the features of real plugins, one per quirk: all of them install on Docker, so all must here.
 * Each is cut down to what matters; key spelling, types, options and paths are as published.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messagesOf } from '../config/config-finding.ts';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { computePrivileges } from '../config/privileges.ts';
import { initialSettings } from '../config/settings.ts';
import { validatePluginConfig } from '../config/validate-plugin-config.ts';
import { createRuntimeSpec } from '../spec/create-runtime-spec.ts';

/** The interface of a volume plugin. */
export const volume = { socket: 'p.sock', types: ['docker.volumedriver/1.0'] };
/** The network of the host. */
export const host = { type: 'host' };
/** A recursive bind mount. */
export const rbind = (source: string, destination = source, ...options: string[]) => ({
  source,
  destination,
  type: 'bind',
  options: ['rbind', ...options],
});

/** One plugin and what it gets. */
export interface WildPlugin {
  /** Its name, with its quirk. */
  readonly plugin: string;
  /** Cut down; key spelling as published. */
  readonly config: object;
  /** Privileges as Docker lists them: `name=value,value`. */
  readonly privileges: readonly string[];
  /** Texts that the warnings must hold; no entry means no warning. */
  readonly warnings?: readonly RegExp[];
  /** Container paths of mounts beyond the default ones, in order. */
  readonly mounts: readonly string[];
}

/** Where a plugin has its socket, in its container. */
export const socketDirectory = '/run/docker/plugins';
/** Files of the host that a plugin with a network gets. */
export const networkFiles = ['/etc/hosts', '/etc/resolv.conf'];

const kernelMounts = new Set(['proc', 'sysfs', 'cgroup', 'devpts', 'mqueue']);

/** Declare the tests of these plugins: warnings, privileges and mounts, at create and at pull. */
export function testWildPlugins(plugins: readonly WildPlugin[]): void {
  for (const wild of plugins) {
    for (const strictness of ['create', 'pull'] as const) {
      test(`${wild.plugin}: is accepted on ${strictness} and gets its mounts in Docker's order`, () =>
        assertAccepted(wild, strictness));
    }
  }
}

function assertAccepted(wild: WildPlugin, strictness: 'create' | 'pull'): void {
  const parsed = parsePluginConfig(Buffer.from(JSON.stringify(wild.config)));
  const warnings = [...messagesOf(parsed.findings), ...validatePluginConfig(parsed.config, { strictness })];
  const expected = wild.warnings ?? [];
  assert.equal(warnings.length, expected.length, warnings.join('\n'));
  for (const pattern of expected)
    assert.ok(
      warnings.some((warning) => pattern.test(warning)),
      String(pattern),
    );

  const privileges = computePrivileges(parsed.config).map(({ name, value }) => `${name}=${value}`);
  assert.deepEqual(privileges, wild.privileges);

  const { spec } = createRuntimeSpec({
    config: parsed.config,
    settings: initialSettings(parsed.config),
    rootfsPath: '/r',
    propagatedMountPath: '/p',
    socketDirectory: '/s',
    devices: [],
    security: { noNewPrivileges: true, readOnlyRootfs: false },
    cgroupsPath: '/outboard/x',
  });
  const own = spec.mounts.filter(
    ({ type, source }) => !kernelMounts.has(type) && source !== 'shm' && source !== 'tmpfs',
  );
  assert.deepEqual(
    own.map(({ destination }) => destination),
    wild.mounts,
  );
}
