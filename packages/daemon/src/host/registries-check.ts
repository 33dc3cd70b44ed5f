/**
 * The configuration of registries, one line of the doctor.
 */
import type { HostCheck } from '@outboard/engine';
import type { RegistriesConfiguration } from '@outboard/oci';

const name = 'registries';

/** Tell the files that apply, and what in them does not. */
export function checkRegistries({
  files,
  unapplied,
  hubMirrors,
  proxies: { shown },
}: Pick<RegistriesConfiguration, 'files' | 'unapplied' | 'hubMirrors' | 'proxies'>): HostCheck {
  const proxies = [...new Set([shown.httpProxy, shown.httpsProxy])].filter(Boolean);
  const parts = [
    files.length === 0 ? 'no file configures them' : `configured by ${files.join(', ')}`,
    ...(hubMirrors.length === 0 ? [] : [`mirrors of Docker Hub: ${hubMirrors.join(', ')}`]),
    ...(proxies.length === 0 ? [] : [`through the proxy ${proxies.join(', ')}`]),
    ...unapplied.map((setting) => `not applied: ${setting}`),
  ];
  return { name, status: 'ok', message: parts.join('; '), remedy: '' };
}

/** The check of a configuration that cannot be read. */
export function unusableRegistries(error: unknown): HostCheck {
  const message = error instanceof Error ? error.message : String(error);
  return { name, status: 'fail', message, remedy: 'correct the file: the daemon does not start with it' };
}
