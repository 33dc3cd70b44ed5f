/**
 * Rules for settings that an operator may change, and for mounts and devices that nobody has named.
 * @see moby daemon/pkg/plugin/v2/settable.go (28.x): one field of each kind of setting can be set
 */
import { showValue } from '@outboard/oci';
import type { Findings } from './config-finding.ts';
import { describeFinding } from './describe-finding.ts';
import { mountKind } from './mount-rules.ts';
import type { PluginConfig } from './plugin-config.ts';

/** A setting with its place in the config. */
interface Setting {
  readonly field: string;
  readonly name: string;
  readonly settable: readonly string[] | null;
  /** The field that `set` can change. */
  readonly subject: 'value' | 'source' | 'path';
  readonly value: unknown;
  /** True when the plugin cannot start while the field has no value. */
  readonly isRequired: boolean;
}

/** Check what can be set. */
export function checkSettings(config: PluginConfig, findings: Findings): void {
  const seen = new Map<string, string>();
  for (const setting of settingsOf(config)) {
    checkSettable(setting, findings);
    checkMissing(setting, findings);
    if (setting.name === '') continue;
    const first = seen.get(setting.name);
    if (first === undefined) seen.set(setting.name, setting.field);
    else if ((setting.settable ?? []).length > 0) {
      const message = `config: "${setting.field}.Name": ${showValue(setting.name)} is there twice: ${first} has it, and "set" changes only that one`;
      findings.add('warning', 'config/duplicate-name', message);
    }
  }
}

function* settingsOf({ args, env, mounts, linux }: PluginConfig): Generator<Setting> {
  for (const [index, { name, settable, value }] of (env ?? []).entries()) {
    yield { field: `Env[${index}]`, name, settable, subject: 'value', value, isRequired: false };
  }
  for (const [index, mount] of (mounts ?? []).entries()) {
    const { name, settable, source: value } = mount;
    const isRequired = mountKind(mount) !== 'tmpfs';
    yield { field: `Mounts[${index}]`, name, settable, subject: 'source', value, isRequired };
  }
  for (const [index, { name, settable, path: value }] of (linux.devices ?? []).entries()) {
    yield { field: `Linux.Devices[${index}]`, name, settable, subject: 'path', value, isRequired: true };
  }
  const { name, settable, value } = args;
  yield { field: 'Args', name, settable, subject: 'value', value, isRequired: false };
}

function checkSettable({ field, name, settable, subject, value }: Setting, findings: Findings): void {
  for (const wanted of settable ?? []) {
    if (wanted === subject) continue;
    const message = describeFinding(
      `${field}.Settable`,
      wanted,
      `${JSON.stringify(subject)}, which alone can be set`,
    );
    findings.add('warning', 'config/settable', message);
  }
  if (settable?.includes(subject) !== true) return;
  if (name === '') {
    const want = `a name: without, "set" cannot reach the ${subject}`;
    findings.add('warning', 'config/settable', describeFinding(`${field}.Name`, name, want));
  }
  if (subject !== 'value' && value === null) {
    const want = `"" for one that the operator sets: null cannot be set`;
    findings.add('flaw', 'config/settable', describeFinding(`${field}.${titled(subject)}`, value, want));
  }
}

function checkMissing({ field, settable, subject, value, isRequired }: Setting, findings: Findings): void {
  if (!isRequired || (value !== null && value !== '') || settable?.includes(subject) === true) return;
  const want =
    subject === 'path'
      ? 'the path of a device, such as "/dev/fuse", or "Settable": ["path"]'
      : 'a path of the host, or "Settable": ["source"]';
  const code = subject === 'path' ? 'config/device' : 'config/mount';
  findings.add(
    'flaw',
    code,
    describeFinding(`${field}.${titled(subject)}`, value, `${want}: the plugin cannot start without`),
  );
}

function titled(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
