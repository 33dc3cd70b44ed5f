/**
 * Authorization plugins for tests: HTTP servers on unix sockets that record the questions.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { createPluginClient, OutboardError, type PluginDriver, type PluginDrivers } from '@outboard/engine';
import { createAuthorizationChain } from '../authorization/authorization-chain.ts';
import { createAuthorize } from '../authorization/authorize-by-plugins.ts';
import type { TestApiOptions } from './test-api.ts';

/** One question, as it was received. */
export interface Question {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers a question: the result is sent as JSON; if it is undefined, the function writes the response itself. */
export type Answer = (question: Question, response: ServerResponse) => unknown;

/** A plugin that is served until disposed. */
export interface TestAuthorizationPlugin extends AsyncDisposable {
  readonly driver: PluginDriver;
  /** Every question so far. */
  readonly questions: readonly Question[];
  /** `AuthZReq POST /plugins/p/set` and so on. */
  asked(): readonly string[];
}

/** Allows every request. */
export const allowAll: Answer = () => ({ Allow: true });

/** Never answers. */
export const hang: Answer = () => undefined;

/** Serve a plugin under a name. */
export async function startAuthorizationPlugin(
  name: string,
  answer: Answer = allowAll,
): Promise<TestAuthorizationPlugin> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-authz-'));
  const socketPath = join(directory, 'authz.sock');
  const questions: Question[] = [];
  const server = createServer(async (request, response) => {
    // Every question is a JSON object.
    const body = (await json(request)) as Question['body'];
    const question = { path: request.url ?? '', headers: request.headers, body };
    questions.push(question);
    const reply = answer(question, response);
    if (reply !== undefined) response.end(JSON.stringify(reply));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = createPluginClient({ socketPath });
  return {
    driver: {
      name,
      client,
      toHostPath: async (path) => path,
      toHostPaths: (paths) => Promise.allSettled(paths),
    },
    questions,
    asked: () =>
      questions.map(({ path, body }) => {
        return `${path.replace('/AuthZPlugin.', '')} ${body.RequestMethod} ${body.RequestUri}`;
      }),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

/** A look-up of plugins by full name, or by the name without tag. */
export function lookUp(...plugins: readonly TestAuthorizationPlugin[]): Pick<PluginDrivers, 'find'> {
  return {
    async find(name, capability) {
      const found = plugins.find(({ driver }) => [driver.name, driver.name.split(':')[0]].includes(name));
      if (found !== undefined && capability === 'authz') return found.driver;
      throw new OutboardError('not-found', `plugin "${name}" not found`);
    },
  };
}

/** Options for an API that asks these plugins, in this order. */
export function askedBy(...plugins: readonly TestAuthorizationPlugin[]): TestApiOptions {
  const names = plugins.map(({ driver }) => driver.name);
  const chain = createAuthorizationChain({ names, drivers: lookUp(...plugins) });
  return { authorize: createAuthorize(() => chain) };
}
