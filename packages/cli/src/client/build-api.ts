/**
 * Creates plugins of builds, and replaces them.
 */
import type { Readable } from 'node:stream';
import { DaemonError } from '../command-error.ts';
import type { EngineClient } from './engine-client.ts';
import { ownPluginPath, requireOwnRoute } from './own-route.ts';
import { createPlugin, inspectPlugin } from './plugin-api.ts';
import { parsePlugin } from './plugin-documents.ts';
import { parseTextList } from './text-list-header.ts';

/** Choices for the replacement of a plugin. */
export interface ReplaceOptions {
  /** Also while it is in use in a way that this breaks. */
  readonly force?: boolean | undefined;
  /** Seconds for which an enabled plugin must run after its start; default 2. */
  readonly probationSeconds?: number | undefined;
}

/** Result of `createOrReplace`. */
export interface StoredBuild {
  readonly isNew: boolean;
  readonly isEnabled: boolean;
  /** One line each: what is wrong in the plugin, and settings that it has no more. */
  readonly warnings: readonly string[];
}

/** @returns the installed plugin of that name; undefined when there is none */
export async function findPlugin(client: EngineClient, name: string) {
  try {
    return parsePlugin(await inspectPlugin(client, name));
  } catch (error) {
    if (error instanceof DaemonError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * Create a plugin, or put the build in the place of the one of that name, which stays enabled if it was.
 * @param context a tar archive
 * @throws {CommandError} if the daemon cannot replace plugins, as Docker Engine
 */
export async function createOrReplace(
  client: EngineClient,
  name: string,
  context: () => Readable,
  options: ReplaceOptions = {},
): Promise<StoredBuild> {
  const present = await findPlugin(client, name);
  if (present === undefined) {
    const warnings = await createPlugin(client, name, context(), { mustRun: true });
    return { isNew: true, isEnabled: false, warnings };
  }
  const query = {
    mustRun: '1',
    force: options.force === true ? '1' : undefined,
    probation: options.probationSeconds?.toString(),
  };
  const response = await requireOwnRoute(`replace plugins: outboard rm ${name}, and build again`, () =>
    client.open({
      method: 'POST',
      path: ownPluginPath(name, '/replace'),
      query,
      headers: { 'Content-Type': 'application/x-tar' },
      body: context(),
    }),
  );
  response.resume();
  const warnings = parseTextList(response.headers['outboard-warnings']);
  return { isNew: false, isEnabled: present.isEnabled, warnings };
}
