/**
 * The descriptor store of the service manager: it keeps the gateway's sockets while the daemon restarts.
 * @see sd_notify(3), FDSTORE=1; systemd.service(5), FileDescriptorStoreMax=; systemd 252
 */
import { pollUntil } from '@outboard/async';
import { type DescriptorStore, noDescriptorStore } from '@outboard/gateway';
import type { Logger } from 'pino';
import type { ServiceEnvironment } from './service-environment.ts';

/** Parts of a store. */
export interface DescriptorStoreDeps {
  /** Sends one datagram with descriptors. */
  readonly sendDescriptors: (address: string, message: string, descriptors: readonly number[]) => void;
  /** Sends one datagram. */
  readonly send: (address: string, message: string) => void;
  readonly logger: Logger;
}

/** Time for the service manager to read: its queue holds a few datagrams. */
const timeoutMs = 1_000;

/** Create a store for the environment of this process; one that keeps nothing where the service manager has none. */
export function createDescriptorStore(
  { notifySocket, storeCapacity }: Pick<ServiceEnvironment, 'notifySocket' | 'storeCapacity'>,
  { sendDescriptors, send, logger }: DescriptorStoreDeps,
): DescriptorStore {
  if (notifySocket === undefined || storeCapacity === 0) return noDescriptorStore;

  async function attempt(work: () => void, failure: string): Promise<boolean> {
    try {
      if (await pollUntil(() => isDone(work), { timeoutMs })) return true;
      logger.warn(`${failure}: it reads no notifications`);
      return false;
    } catch (error) {
      logger.warn({ err: error }, failure);
      return false;
    }
  }

  return {
    capacity: storeCapacity,
    keep: (name, descriptors) =>
      attempt(
        // FDPOLL: a listening socket must stay, whatever the kernel reports about it.
        () => sendDescriptors(notifySocket, `FDSTORE=1\nFDNAME=${name}\nFDPOLL=0`, descriptors),
        'the service manager does not keep a socket over a restart',
      ),
    async forget(name) {
      const message = `FDSTOREREMOVE=1\nFDNAME=${name}`;
      await attempt(() => send(notifySocket, message), 'the service manager goes on keeping a socket');
    },
  };
}

/** @returns false when the queue of the receiver is full */
function isDone(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}
