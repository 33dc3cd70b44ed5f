/**
 * What a service manager tells a program that it starts, in environment variables.
 * @see sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3), systemd.exec(5), "RuntimeDirectory="; systemd 252
 */

/** What was told; all of it is absent when nobody manages this process. */
export interface ServiceEnvironment {
  /** Where to tell what the service does: a path, or `@` and a name. */
  readonly notifySocket?: string;
  /** How often to tell that it lives, in milliseconds at most. */
  readonly watchdogMs?: number;
  /** A folder that the service manager made for this service, and for the commands that belong to it. */
  readonly runtimeDirectory?: string;
  /** Sockets that listen already, in the order of the socket units. */
  readonly listeners: readonly number[];
}

const firstListener = 3; // SD_LISTEN_FDS_START
const maxListeners = 64;

const variables = [
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
  'RUNTIME_DIRECTORY',
];

/**
 * Take what is meant for this process out of the environment, so that no program started from here takes it for its own.
 * What was meant for another process, and what cannot be read, is left out.
 */
export function takeServiceEnvironment(
  env: Record<string, string | undefined>,
  pid: number,
): ServiceEnvironment {
  const isMine = (variable: string) => env[variable] === String(pid);
  const { NOTIFY_SOCKET: notifySocket, RUNTIME_DIRECTORY: directories = '' } = env;
  // Without WATCHDOG_PID it is meant for the whole service.
  const watchdogUs = env.WATCHDOG_PID === undefined || isMine('WATCHDOG_PID') ? count(env.WATCHDOG_USEC) : 0;
  const listeners = isMine('LISTEN_PID') ? Math.min(count(env.LISTEN_FDS), maxListeners) : 0;
  for (const variable of variables) delete env[variable];
  return {
    ...(notifySocket !== undefined && /^[/@]./.test(notifySocket) && { notifySocket }),
    ...(watchdogUs > 0 && { watchdogMs: watchdogUs / 1000 }),
    ...(directories.startsWith('/') && { runtimeDirectory: firstDirectory(directories) }),
    listeners: Array.from({ length: listeners }, (_, index) => firstListener + index),
  };
}

/** @param list separated by colons, as systemd writes it */
export function firstDirectory(list: string): string {
  return list.replace(/:.*$/s, '');
}

function count(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
