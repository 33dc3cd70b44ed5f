/**
 * Registries of builds, with the host's configuration and the user's credentials.
 */
import type { Registries } from '@outboard/authoring';
import { findCredentials } from '../credentials/find-credentials.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import { loadRegistries } from './load-registries.ts';
import type { RegistryFlags } from './registry-flags.ts';

/** Open them; nothing is sent or read until one is needed. */
export async function openBuildRegistries(
  context: CommandContext,
  options: RegistryFlags,
): Promise<Registries> {
  const { host, signal, version } = context;
  const { openRegistries } = await import('@outboard/authoring');
  return openRegistries({
    userAgent: `outboard/${version} (linux)`,
    configuration: () => loadRegistries(context, options),
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
