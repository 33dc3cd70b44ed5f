/**
 * Sockets that an earlier process stored: each is taken by its path, and those that nobody takes are closed.
 */
import { closeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pathOfSocket } from '@outboard/engine';
import {
  connectionName,
  type DescriptorStore,
  type InheritedDescriptor,
  identityIn,
  listenerName,
} from './descriptor-store.ts';
import type { InheritedListener } from './plugin-socket.ts';
import { identifyFile } from './socket-identity.ts';

/** Sockets of an earlier process. */
export interface InheritedSockets {
  /** Take the listening socket at a path. */
  takeListener(path: string): InheritedListener | undefined;
  /** Take the connections that were made to a path. */
  takeConnections(path: string): readonly number[];
  /** Close and forget what was not taken, and delete its files. */
  release(): Promise<void>;
}

/** Close and forget descriptors of an earlier process, and delete the files of its sockets. */
export async function releaseInherited(
  descriptors: readonly InheritedDescriptor[],
  store: DescriptorStore,
): Promise<void> {
  await (await openInheritedSockets(descriptors, store)).release();
}

/** Sort descriptors. A listening socket whose file is gone or replaced is of no use, and is closed. */
export async function openInheritedSockets(
  descriptors: readonly InheritedDescriptor[],
  store: DescriptorStore,
): Promise<InheritedSockets> {
  const listeners = new Map<string, InheritedListener>();
  const connections = new Map<string, number[]>();
  // The store holds a copy of each connection, which would stay open after this process closes its own.
  if (descriptors.some(({ name }) => name === connectionName)) await store.forget(connectionName);
  for (const { descriptor, name } of descriptors) {
    const path = pathOfSocket(descriptor);
    const identity = identityIn(name);
    if (path === undefined) closeSync(descriptor);
    else if (identity === undefined) connections.set(path, [...(connections.get(path) ?? []), descriptor]);
    else if ((await identifyFile(path)) === identity && !listeners.has(path))
      listeners.set(path, { descriptor, identity });
    else {
      closeSync(descriptor);
      if (listeners.get(path)?.identity !== identity) await store.forget(name);
    }
  }

  function takeListener(path: string): InheritedListener | undefined {
    const found = listeners.get(path);
    listeners.delete(path);
    return found;
  }

  function takeConnections(path: string): readonly number[] {
    const found = connections.get(path) ?? [];
    connections.delete(path);
    return found;
  }

  async function release(): Promise<void> {
    for (const path of [...connections.keys()])
      for (const connection of takeConnections(path)) closeSync(connection);
    for (const [path, { descriptor, identity }] of listeners) {
      if ((await identifyFile(path)) === identity) await rm(path, { force: true });
      await store.forget(listenerName(identity));
      closeSync(descriptor);
    }
    listeners.clear();
  }

  return { takeListener, takeConnections, release };
}
