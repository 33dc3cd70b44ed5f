/**
 * The answers that are being streamed to consumers. While one is open, its plugin is in use.
 */
import type { Consumer } from '@outboard/engine';

/** An answer that is being streamed. */
export interface OpenStream {
  readonly pluginId: string;
  /** As its consumer named it, such as `LogDriver.ReadLogs`. */
  readonly method: string;
  readonly consumer: Consumer;
  readonly since: Date;
}

/** The open streams of a gateway, in memory: they end with its process. */
export interface OpenStreams {
  /** Count a stream. @returns ends its count */
  open(stream: OpenStream): Disposable;
  /** The streams of one plugin, oldest first, each with a number that no other one of this gateway gets. */
  of(pluginId: string): readonly (OpenStream & { readonly number: number })[];
}

/** Create it, without a stream. */
export function createOpenStreams(): OpenStreams {
  const streams = new Map<number, OpenStream>();
  let count = 0;
  return {
    open(stream) {
      count += 1;
      const number = count;
      streams.set(number, stream);
      return { [Symbol.dispose]: () => void streams.delete(number) };
    },
    of: (pluginId) =>
      [...streams].flatMap(([number, stream]) =>
        stream.pluginId === pluginId ? [{ ...stream, number }] : [],
      ),
  };
}
