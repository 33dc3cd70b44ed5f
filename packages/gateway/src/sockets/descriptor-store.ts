/**
 * The contract of a store that keeps descriptors of this process for the next one, and the names under which the gateway
 * stores its own.
 * @see sd_notify(3), FDSTORE=1 and FDNAME=; systemd 252
 */

/** Keeps descriptors while this process is replaced by another one. */
export interface DescriptorStore {
  /** Number of descriptors that it can keep; 0 for a store that keeps none. */
  readonly capacity: number;
  /**
   * Keep copies of descriptors for the next process; those of this process stay open. At most 253.
   * @returns false if they could not be stored
   */
  keep(name: string, descriptors: readonly number[]): Promise<boolean>;
  /** Close the stored descriptors with a name. */
  forget(name: string): Promise<void>;
}

/** A descriptor that an earlier process stored, which this one owns now. */
export interface InheritedDescriptor {
  readonly descriptor: number;
  readonly name: string;
}

/** A store that keeps nothing, for a process that no service manager runs. */
export const noDescriptorStore: DescriptorStore = {
  capacity: 0,
  keep: async () => false,
  forget: async () => undefined,
};

const listenerPrefix = 'outboard-gateway-';

/** Name of all connections. */
export const connectionName = 'outboard-connection';

/** Name of a listening socket. @param identity of the file in the gateway's directory */
export function listenerName(identity: string): string {
  return `${listenerPrefix}${identity}`;
}

/** The identity in the name of a listening socket; undefined for another name. */
export function identityIn(name: string): string | undefined {
  return name.startsWith(listenerPrefix) ? name.slice(listenerPrefix.length) : undefined;
}

/** True for the names of the gateway's descriptors. */
export function isGatewayDescriptor(name: string): boolean {
  return name === connectionName || identityIn(name) !== undefined;
}
