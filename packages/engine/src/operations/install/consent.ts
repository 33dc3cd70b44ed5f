/**
 * Consent: a plugin is installed with exactly the privileges that its operator saw and granted.
 */
import { OutboardError } from '@outboard/oci';
import type { PluginConfig, PluginRecord, Privilege } from '../../config/plugin-config.ts';
import { computePrivileges, privilegesEqual } from '../../config/privileges.ts';
import { bestEffort } from '../best-effort.ts';
import type { EngineContext } from '../engine-context.ts';

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

/** Keep what the operator agreed to. Its failure does not undo the installation. */
export function rememberConsent(
  context: Pick<EngineContext, 'consents' | 'logger'>,
  { manifestDigest, privileges }: Pick<PluginRecord, 'manifestDigest' | 'privileges'>,
): Promise<void> {
  return bestEffort(context, 'keep the record of a consent', () =>
    context.consents.remember(manifestDigest, privileges),
  );
}

function list(privileges: readonly Privilege[]): string {
  if (privileges.length === 0) return 'none';
  return privileges.map(({ name, value }) => `${name} ${JSON.stringify(value)}`).join(', ');
}
