/**
 * The socket of one plugin: it listens at one path, again when the file was deleted, and can be handed over to the next
 * process.
 */
import { chmodSync, chownSync, closeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { dirname } from 'node:path';
import { openListeningSocket } from '@outboard/engine';
import { makeDirectories, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import type { GatewayAccess } from '../gateway.ts';
import { type DescriptorStore, listenerName } from './descriptor-store.ts';
import type { HandOver } from './open-connections.ts';
import { backlog, openPluginServer, type PluginServer } from './plugin-server.ts';
import { identifyFile } from './socket-identity.ts';
import { removeStaleSocket } from './stale-socket.ts';

/** Parts of a socket. */
export interface PluginSocketDeps {
  readonly access: GatewayAccess;
  readonly store: DescriptorStore;
  /** Bound to the facts of the plugin. */
  readonly logger: Logger;
}

/** A listening socket of an earlier process. */
export interface InheritedListener {
  readonly descriptor: number;
  /** Of its file. */
  readonly identity: string;
}

/** The socket of one plugin. Its calls do not overlap. */
export interface PluginSocket {
  readonly path: string;
  /** True while it listens at its path. */
  isListening(): boolean;
  /** The reason why it does not listen; undefined while it does. */
  problem(): string | undefined;
  /** Handle further requests with another handler. */
  use(handle: RequestListener): void;
  /** Listen with a socket of an earlier process. */
  adopt(inherited: InheritedListener): Promise<void>;
  /** Serve a connection of an earlier process, which this one owns from now on. Closed unless the socket listens. */
  adoptConnection(descriptor: number): void;
  /** Listen unless it does. An error becomes the problem; a foreign file at the path stays. Never rejects. */
  check(): Promise<void>;
  /** True if the store keeps it for the next process. */
  isKept(): boolean;
  /** Delete the file, and take the socket out of the store. Connections go on. */
  withdraw(): Promise<void>;
  /**
   * Accept no connection, and end the connections. File and queue stay for the next process, unless it was withdrawn.
   * @param signal cuts the requests in flight
   */
  end(handOver: HandOver | undefined, signal: AbortSignal): Promise<void>;
}

interface Listener {
  readonly server: PluginServer;
  readonly identity: string;
  readonly isKept: boolean;
}

/** Servers of deleted files, kept for their connections and for containers that have the file mounted. */
const mostEarlier = 4;

/** Pause between attempts while a foreign file stays the same: each one connects to it. */
const foreignPauseMs = 30_000;

/** Create a socket that does not listen yet. */
export function createPluginSocket(
  path: string,
  handle: RequestListener,
  deps: PluginSocketDeps,
): PluginSocket {
  return new KeptSocket(path, handle, deps);
}

class KeptSocket implements PluginSocket {
  readonly path: string;
  readonly #deps: PluginSocketDeps;
  #handle: RequestListener;
  #current: Listener | undefined;
  readonly #earlier: Listener[] = [];
  #problem: string | undefined;
  /** The file that was in the way at the last attempt. */
  #foreign: { readonly identity: string | undefined; readonly at: number } | undefined;

  constructor(path: string, handle: RequestListener, deps: PluginSocketDeps) {
    this.path = path;
    this.#handle = handle;
    this.#deps = deps;
  }

  isListening(): boolean {
    return this.#current !== undefined && this.#problem === undefined;
  }

  problem(): string | undefined {
    return this.#problem;
  }

  use(handle: RequestListener): void {
    this.#handle = handle;
  }

  async adopt({ descriptor, identity }: InheritedListener): Promise<void> {
    const { mode, uid, gid } = this.#deps.access;
    chownSync(this.path, uid ?? 0, gid ?? 0);
    chmodSync(this.path, mode);
    this.#current = { server: await this.#serve(descriptor), identity, isKept: true };
  }

  adoptConnection(descriptor: number): void {
    if (this.#current === undefined) closeSync(descriptor);
    else this.#current.server.adopt(descriptor);
  }

  async check(): Promise<void> {
    const { logger } = this.#deps;
    try {
      const found = await identifyFile(this.path);
      if (this.#current !== undefined && found === this.#current.identity) return;
      if (this.#isKnown(found)) return;
      this.#foreign = { identity: found, at: performance.now() };
      const isFirst = this.#current === undefined && this.#problem === undefined;
      await this.#listen();
      this.#problem = undefined;
      if (isFirst) logger.info('the plugin can be used through a socket');
      else logger.warn('the socket was missing, and was created again; connections are not affected');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason === this.#problem) return;
      this.#problem = reason;
      logger.error({ err: error }, 'the plugin has no socket for other engines until its path is free');
    }
  }

  /** True for a file that was in the way a moment ago. */
  #isKnown(found: string | undefined): boolean {
    if (found === undefined || this.#foreign?.identity !== found) return false;
    return this.#problem !== undefined && performance.now() - this.#foreign.at < foreignPauseMs;
  }

  async #listen(): Promise<void> {
    const { access, store } = this.#deps;
    await makeDirectories(dirname(this.path), { mode: 0o755 });
    await removeStaleSocket(this.path);
    const descriptor = openListeningSocket(this.path, { ...access, backlog });
    const identity = await identifyFile(this.path);
    if (identity === undefined) {
      closeSync(descriptor);
      throw new OutboardError('unavailable', `the socket ${JSON.stringify(this.path)} was deleted at once`);
    }
    const isKept = store.capacity > 0 && (await store.keep(listenerName(identity), [descriptor]));
    const server = await this.#serve(descriptor);
    if (this.#current !== undefined) await this.#retire(this.#current);
    this.#current = { server, identity, isKept };
  }

  #serve(descriptor: number): Promise<PluginServer> {
    const { logger } = this.#deps;
    return openPluginServer(
      descriptor,
      (request, response) => this.#handle(request, response),
      (error) => logger.error({ err: error }, 'cannot accept a connection'),
    );
  }

  async #retire(listener: Listener): Promise<void> {
    if (listener.isKept) await this.#deps.store.forget(listenerName(listener.identity));
    this.#earlier.push(listener);
    if (this.#earlier.length > mostEarlier)
      await this.#earlier.shift()?.server.close(undefined, AbortSignal.abort());
  }

  isKept(): boolean {
    return this.#current?.isKept === true;
  }

  async withdraw(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    if (current.isKept) await this.#deps.store.forget(listenerName(current.identity));
    // Another file may have the path by now.
    if ((await identifyFile(this.path)) === current.identity) await rm(this.path, { force: true });
  }

  async end(handOver: HandOver | undefined, signal: AbortSignal): Promise<void> {
    const listeners = [...this.#earlier.splice(0), ...(this.#current === undefined ? [] : [this.#current])];
    this.#current = undefined;
    await Promise.all(listeners.map(({ server }) => server.close(handOver, signal)));
  }
}
