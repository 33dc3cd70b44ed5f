/**
 * The check of the signature policy, one line of the doctor.
 */
import type { HostCheck, PluginEngine } from '@outboard/engine';

/** Describe the policy in force. A host without one is in order: Docker has none either. */
export function checkSignaturePolicy({ policy }: Pick<PluginEngine, 'policy'>): HostCheck {
  const name = 'signatures';
  const document = policy.current();
  if (document === undefined) {
    return { name, status: 'ok', message: 'no policy: every plugin is accepted', remedy: '' };
  }
  const scopes = [...document.transports.values()].reduce((sum, transport) => sum + transport.size, 0);
  const isOpen = document.default.every(({ type }) => type === 'insecureAcceptAnything');
  const fallback = isOpen ? 'accepted' : 'judged by the default';
  return {
    name,
    status: 'ok',
    message: `a policy with ${scopes} scopes, others are ${fallback}`,
    remedy: '',
  };
}
