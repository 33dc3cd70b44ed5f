/**
 * A session that is opened by its first request, because its credentials are read from a file.
 */
import type { Session } from './session.ts';

/**
 * Defer the opening of a session. One that could not be opened is tried again by the next request.
 * @param connections those of the session
 */
export function deferSession(connections: Session['connections'], open: () => Promise<Session>): Session {
  let opened: Promise<Session> | undefined;
  return {
    connections,
    async send(request) {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return await (await opened).send(request);
    },
  };
}
