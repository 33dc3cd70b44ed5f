/**
 * Consent: a plugin is installed with exactly the privileges that its operator saw and granted.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginConfig, Privilege } from '../../config/plugin-config.ts';
import { computePrivileges, privilegesEqual } from '../../config/privileges.ts';

/**
 * Compare the privileges of a config with the granted ones, as whole sets. The config is the one that is installed, so
 * that a tag which moved since the operator saw the privileges is noticed.
 * @returns the privileges to record
 * @throws {OutboardError} forbidden, with both sets
 */
export function requireConsent(config: PluginConfig, granted: readonly Privilege[]): readonly Privilege[] {
  const required = computePrivileges(config);
  if (privilegesEqual(required, granted)) return required;
  throw new OutboardError(
    'forbidden',
    `incorrect privileges: the plugin asks for ${list(required)}, granted were ${list(granted)}`,
    { code: 'privileges-differ' },
  );
}

function list(privileges: readonly Privilege[]): string {
  if (privileges.length === 0) return 'none';
  return privileges.map(({ name, value }) => `${name} ${JSON.stringify(value)}`).join(', ');
}
