/**
 * The plugin operations of the Docker Engine API, as short calls on a daemon's socket.
 */
import assert from 'node:assert/strict';
import { type ApiAnswer, callApi } from './daemon.ts';

export interface PluginApi {
  create(name: string, archive: Buffer): Promise<ApiAnswer>;
  pull(remote: string, name: string): Promise<ApiAnswer>;
  upgrade(name: string, remote: string): Promise<ApiAnswer>;
  push(name: string): Promise<ApiAnswer>;
  set(name: string, ...args: readonly string[]): Promise<ApiAnswer>;
  enable(name: string): Promise<ApiAnswer>;
  disable(name: string): Promise<ApiAnswer>;
  remove(name: string, options?: { readonly force?: boolean }): Promise<ApiAnswer>;
}

const json = { 'content-type': 'application/json' };

/**
 * Calls of one daemon. Each rejects if the connection breaks before the response is complete, and fails the test if the
 * daemon refuses.
 *
 * @param socket path of the daemon's socket
 */
export function pluginApi(socket: string): PluginApi {
  async function call(method: string, path: string, body?: string | Buffer): Promise<ApiAnswer> {
    const answer = await callApi(socket, method, path, { headers: json, ...(body && { body }) });
    const failed = answer.status >= 400 || /"errorDetail"/.test(answer.text);
    assert.ok(!failed, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }
  const post = (path: string, body?: string | Buffer) => call('POST', `/plugins/${path}`, body);
  const privileges = async (remote: string) =>
    (await call('GET', `/plugins/privileges?remote=${encodeURIComponent(remote)}`)).text;
  return {
    create: (name, archive) => post(`create?name=${encodeURIComponent(name)}`, archive),
    async pull(remote, name) {
      const query = new URLSearchParams({ remote, name });
      return post(`pull?${query}`, await privileges(remote));
    },
    async upgrade(name, remote) {
      return post(`${name}/upgrade?${new URLSearchParams({ remote })}`, await privileges(remote));
    },
    push: (name) => post(`${name}/push`, '{}'),
    set: (name, ...args) => post(`${name}/set`, JSON.stringify(args)),
    enable: (name) => post(`${name}/enable?timeout=0`),
    disable: (name) => post(`${name}/disable`),
    remove: (name, { force = false } = {}) => call('DELETE', `/plugins/${name}?force=${force ? 1 : 0}`),
  };
}
