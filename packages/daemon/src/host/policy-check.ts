/**
 * The check of the signature policy, one line of the doctor.
 */
import { findBinary, type HostCheck, isOutboardError, type PluginEngine } from '@outboard/engine';

const name = 'signatures';

type Policy = NonNullable<ReturnType<PluginEngine['policy']['current']>>;

/**
 * Describe the policy in force. A host without one is in order: Docker has none either.
 * @param find finds a program; throws OutboardError
 */
export async function checkSignaturePolicy(
  { policy }: Pick<PluginEngine, 'policy'>,
  find: (program: string) => Promise<string> = findBinary,
): Promise<HostCheck> {
  const document = policy.current();
  if (document === undefined) {
    return { name, status: 'ok', message: 'no policy: every plugin is accepted', remedy: '' };
  }
  const scopes = [...document.transports.values()].reduce((sum, transport) => sum + transport.size, 0);
  const isOpen = document.default.every(({ type }) => type === 'insecureAcceptAnything');
  const fallback = isOpen ? 'accepted' : 'judged by the default';
  const message = `a policy with ${scopes} scopes, others are ${fallback}`;
  const missing = asksForPgp(document) ? await messageOfFailure(() => find('gpgv')) : undefined;
  if (missing === undefined) return { name, status: 'ok', message, remedy: '' };
  const remedy = 'install gpgv: plugins whose signatures it verifies are refused without it';
  return { name, status: 'fail', message: `${message}; ${missing}`, remedy };
}

function asksForPgp(document: Policy): boolean {
  const scopes = [...document.transports.values()].flatMap((transport) => [...transport.values()]);
  return [document.default, ...scopes].flat().some(({ type }) => type === 'signedBy');
}

/** @returns undefined when it does not fail */
async function messageOfFailure(act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (isOutboardError(error)) return error.message;
    throw error;
  }
}
