/**
 * The files that hold credentials, in the order in which they count.
 * @see docker-config-json(5); containers-auth.json(5)
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandHost } from '../command-host.ts';

/** A file with credentials, or the text of one in the environment. */
export interface AuthPlace {
  readonly path: string;
  /** The program that made the format; the two differ in the key of Docker Hub. */
  readonly format: 'docker' | 'podman';
  /** True when the user named it: a missing one is an error for readers. */
  readonly isNamed: boolean;
  /** Its content, when it is no file. */
  readonly text?: string | undefined;
}

/** Environment, and the file that a flag names. */
export interface AuthPlaceOptions {
  readonly env: CommandHost['env'];
  /** Value of `--authfile`. */
  readonly authFile?: string | undefined;
}

/** The file that the user named by `--authfile`, else by REGISTRY_AUTH_FILE. */
export function namedAuthFile({ env, authFile }: AuthPlaceOptions): string | undefined {
  return authFile || env.REGISTRY_AUTH_FILE || undefined;
}

/** The file that login and logout change: a named one, else Docker's. Podman reads Docker's as well. */
export function placeToChange(options: AuthPlaceOptions): AuthPlace {
  const named = namedAuthFile(options);
  if (named !== undefined) return { path: named, format: 'podman', isNamed: true };
  const { env } = options;
  const directory = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  return { path: join(directory, 'config.json'), format: 'docker', isNamed: false };
}

/** The places of credentials; the first one with an entry counts. A file that the user named is the only one. */
export function placesToRead(options: AuthPlaceOptions): readonly AuthPlace[] {
  const changed = placeToChange(options);
  if (changed.isNamed) return [changed];
  const { env } = options;
  const text = env.DOCKER_AUTH_CONFIG;
  const variable = text
    ? [{ path: 'DOCKER_AUTH_CONFIG', format: 'docker' as const, isNamed: false, text }]
    : [];
  const runtime = env.XDG_RUNTIME_DIR || `/run/containers/${process.getuid?.() ?? 0}`;
  const configuration = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  const podmans = [
    // Without XDG_RUNTIME_DIR, Podman's directory is /run/containers/UID itself.
    join(runtime, ...(env.XDG_RUNTIME_DIR ? ['containers'] : []), 'auth.json'),
    join(configuration, 'containers', 'auth.json'),
  ];
  return [
    ...variable,
    changed,
    ...podmans.map((path) => ({ path, format: 'podman' as const, isNamed: false })),
  ];
}
