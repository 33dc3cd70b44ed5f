/**
 * The environment variables of a service manager.
 * @see sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3), systemd.exec(5), "RuntimeDirectory="; systemd 252. FDSTORE
 *   is set since 254, and by our unit
 */

/** A descriptor with its name in the unit or in the descriptor store; '' without one. */
export interface NamedDescriptor {
  readonly descriptor: number;
  readonly name: string;
}

/** Their values; all are absent without a service manager. */
export interface ServiceEnvironment {
  /** Socket for notifications: a path, or `@` and an abstract name. */
  readonly notifySocket?: string | undefined;
  /** Longest interval of watchdog notifications, in milliseconds. */
  readonly watchdogMs?: number | undefined;
  /** Runtime directory of the service, which its commands see as well. */
  readonly runtimeDirectory?: string | undefined;
  /** Descriptors that were passed on: listening sockets in the order of the socket units, then stored ones. */
  readonly descriptors: readonly NamedDescriptor[];
  /** Number of descriptors that the service manager keeps over a restart; 0 for none. */
  readonly storeCapacity: number;
}

const firstDescriptor = 3; // SD_LISTEN_FDS_START
const maxDescriptors = 16_384;

const variables = [
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
  'FDSTORE',
  'RUNTIME_DIRECTORY',
];

/**
 * Read the variables and remove them, so that child processes do not use them. Values for another process and malformed
 * values are ignored.
 */
export function takeServiceEnvironment(
  env: Record<string, string | undefined>,
  pid: number,
): ServiceEnvironment {
  const isMine = (variable: string) => env[variable] === String(pid);
  const { NOTIFY_SOCKET: notifySocket, RUNTIME_DIRECTORY: directories = '' } = env;
  // Without WATCHDOG_PID the watchdog is for the whole service.
  const watchdogUs = env.WATCHDOG_PID === undefined || isMine('WATCHDOG_PID') ? count(env.WATCHDOG_USEC) : 0;
  const descriptors = isMine('LISTEN_PID') ? Math.min(count(env.LISTEN_FDS), maxDescriptors) : 0;
  const names = (env.LISTEN_FDNAMES ?? '').split(':');
  const storeCapacity = count(env.FDSTORE);
  for (const variable of variables) delete env[variable];
  return {
    notifySocket: notifySocket !== undefined && /^[/@]./.test(notifySocket) ? notifySocket : undefined,
    watchdogMs: watchdogUs > 0 ? watchdogUs / 1000 : undefined,
    runtimeDirectory: directories.startsWith('/') ? firstDirectory(directories) : undefined,
    descriptors: Array.from({ length: descriptors }, (_, index) => ({
      descriptor: firstDescriptor + index,
      name: names[index] ?? '',
    })),
    storeCapacity,
  };
}

/** The first directory of a list. @param list separated by colons, as systemd writes it */
export function firstDirectory(list: string): string {
  return list.replace(/:.*$/s, '');
}

function count(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
