/**
 * Registries of builds, with the user's credentials.
 */
import type { Registries } from '@outboard/authoring';
import { findCredentials } from '../credentials/find-credentials.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';

/** Open them; nothing is sent or read until one is needed. */
export async function openBuildRegistries(
  { host, signal, version }: CommandContext,
  options: AuthFileFlag & { readonly insecureRegistry?: readonly string[] | undefined },
): Promise<Registries> {
  const { openRegistries } = await import('@outboard/authoring');
  return openRegistries({
    userAgent: `outboard/${version} (linux)`,
    insecureRegistries: options.insecureRegistry ?? [],
    onProgress: (line) => void host.stderr.write(`${escapeText(line)}\n`),
    accessTo: async ({ domain, path }) => {
      const found = await findCredentials(
        { domain, path },
        { env: host.env, authFile: options.authfile, signal },
      );
      for (const warning of found.warnings) host.stderr.write(`warning: ${escapeText(warning)}\n`);
      return { credentials: found.credentials };
    },
  });
}
