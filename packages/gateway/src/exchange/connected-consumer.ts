/**
 * The consumer of a connection.
 */
import type { Socket } from 'node:net';
import { type Consumer, consumerOf } from '@outboard/engine';

/** Consumers by connection: their description is read once. */
const consumers = new WeakMap<Socket, Consumer>();

/** Describe the consumer at the other end of a connection, as it was at the first call. */
export function connectedConsumer(socket: Socket): Consumer {
  const known = consumers.get(socket);
  if (known !== undefined) return known;
  const consumer = consumerOf(socket);
  consumers.set(socket, consumer);
  return consumer;
}
