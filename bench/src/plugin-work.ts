/**
 * The timed pieces of work, with the same requests for both engines.
 */
import { createReadStream } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { EngineApi } from './engine-api.ts';

/** Time one piece of work, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Create a plugin from its context. */
export async function create(api: EngineApi, name: string, context: string): Promise<void> {
  await api.request('POST', `/plugins/create?name=${encodeURIComponent(name)}`, {
    type: 'application/x-tar',
    content: createReadStream(context, { highWaterMark: 1024 * 1024 }),
  });
}

/** Push a plugin under its name. */
export async function push(api: EngineApi, name: string): Promise<void> {
  await api.request('POST', `/plugins/${name}/push`);
}

/** Push a plugin under its name, and remove it from the engine. */
export async function publish(api: EngineApi, name: string, context: string): Promise<void> {
  await create(api, name, context);
  await push(api, name);
  await remove(api, name);
}

/** Push a plugin; the first engine creates it, so that all engines install the same bytes. */
export async function publishFirst(
  [publisher]: readonly { readonly api: EngineApi }[],
  name: string,
  context: string,
): Promise<void> {
  if (publisher === undefined) throw new Error('no engine to measure');
  await publish(publisher.api, name, context);
}

/** Install a plugin under another name; content that is stored already is not fetched again. */
export async function installAs(api: EngineApi, remote: string, name: string): Promise<void> {
  const query = `remote=${encodeURIComponent(remote)}`;
  const privileges = await api.request('GET', `/plugins/privileges?${query}`);
  await api.request('POST', `/plugins/pull?name=${encodeURIComponent(name)}&${query}`, {
    type: 'application/json',
    content: Buffer.from(privileges.body),
  });
}

/** Ask for the privileges and install with them, as `docker plugin install --disable` does. */
export async function install(api: EngineApi, name: string): Promise<void> {
  const remote = encodeURIComponent(name);
  const privileges = await api.request('GET', `/plugins/privileges?remote=${remote}`);
  const pull = await api.request('POST', `/plugins/pull?name=&remote=${remote}`, {
    type: 'application/json',
    content: Buffer.from(privileges.body),
  });
  if (pull.body.includes('Already exists'))
    throw new Error(`${name} was not fetched: its layers were in the store`);
}

/** Enable a plugin; resolves when its socket accepts. */
export async function enable(api: EngineApi, name: string): Promise<void> {
  await api.request('POST', `/plugins/${name}/enable?timeout=30`);
}

/** Disable a plugin; resolves when it has stopped. */
export async function disable(api: EngineApi, name: string): Promise<void> {
  await api.request('POST', `/plugins/${name}/disable`);
}

/** Remove a disabled plugin. */
export async function remove(api: EngineApi, name: string): Promise<void> {
  await api.request('DELETE', `/plugins/${name}?force=1`);
}

/** Remove every plugin of an engine. */
export async function removeAll(api: EngineApi): Promise<void> {
  const { body } = await api.request('GET', '/plugins');
  const plugins: readonly { readonly Id: string }[] = JSON.parse(body);
  for (const { Id } of plugins) await remove(api, Id);
}

/** Measure requests answered per second, four at a time. @param path target of each request */
export async function requestRate(
  api: EngineApi,
  requests: number,
  path: (index: number) => string,
): Promise<number> {
  const inParallel = 4;
  const milliseconds = await timed(() =>
    Promise.all(
      Array.from({ length: inParallel }, async (_, first) => {
        for (let index = first; index < requests; index += inParallel) await api.request('GET', path(index));
      }),
    ),
  );
  return requests / (milliseconds / 1000);
}
