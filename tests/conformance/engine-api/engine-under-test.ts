/**
 * The engine under test: its address, its self-description, and calls that prepare and remove the states of cases.
 */
import { callApi } from '../../support/daemon.ts';

export interface EngineUnderTest {
  readonly socket: string;
  /** Docker Engine has answers of its own in some cases; differences.ts lists them. */
  readonly product: 'docker' | 'outboard';
  /** Such as `20.10.24`. */
  readonly version: string;
  /** The highest and lowest versions of the API that it serves. */
  readonly apiVersion: string;
  readonly minApiVersion: string;
  readonly hasVolumes: boolean;
}

/**
 * Find out what listens on a socket.
 *
 * @throws {Error} if it is no engine
 */
export async function examineEngine(socket: string): Promise<EngineUnderTest> {
  const answer = await callApi(socket, 'GET', '/version');
  const document: unknown = answer.status === 200 ? JSON.parse(answer.text) : undefined;
  if (!isVersion(document)) throw new Error(`unix://${socket} is no engine: ${answer.status} ${answer.text}`);
  const volumes = await callApi(socket, 'GET', '/volumes');
  return {
    socket,
    product: document.Platform?.Name === 'Outboard' ? 'outboard' : 'docker',
    version: document.Version,
    apiVersion: document.ApiVersion,
    minApiVersion: document.MinAPIVersion,
    hasVolumes: volumes.status === 200,
  };
}

interface VersionDocument {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
  readonly Platform?: { readonly Name?: string };
}

function isVersion(document: unknown): document is VersionDocument {
  const keys = ['Version', 'ApiVersion', 'MinAPIVersion'] as const;
  if (typeof document !== 'object' || document === null) return false;
  const fields = new Map(Object.entries(document));
  return keys.every((key) => typeof fields.get(key) === 'string');
}

/** Call the engine and assert success. @returns the text of the response */
export async function demand(
  engine: Pick<EngineUnderTest, 'socket'>,
  line: string,
  body?: string | Buffer,
): Promise<string> {
  const [method = '', target = ''] = line.split(' ');
  const answer = await callApi(engine.socket, method, target, {
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  if (answer.status >= 400 || answer.text.includes('"errorDetail"')) {
    throw new Error(`${line}: ${answer.status} ${answer.text.trim()}`);
  }
  return answer.text;
}
