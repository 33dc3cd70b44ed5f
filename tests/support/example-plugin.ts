/**
 * Example plugins from source, as one file that runs with the host's Node.js: their root filesystem is small.
 * `packed-plugin.test.ts` packs an example as users do.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PluginArchiveOptions, pluginArchive } from './plugin-archive.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Keys of the examples' config that the fixtures keep. */
interface ExampleConfig {
  readonly interface: object;
  readonly propagatedMount: string;
  readonly network: object;
  readonly linux: object;
}

/**
 * An example as `plugin create` takes it. Its own mounts are left out: a test gives those that it needs.
 *
 * @param name directory below `examples/`
 */
export function examplePluginArchive(
  name: string,
  { files, config }: Pick<PluginArchiveOptions, 'files' | 'config'> = {},
): Buffer {
  const example = join(repository, 'examples', name);
  const own: ExampleConfig = JSON.parse(readFileSync(join(example, 'config.json'), 'utf8'));
  return pluginArchive({
    script: bundle(join(example, 'src', 'main.ts')),
    files: { [`${own.propagatedMount}/.keep`]: '', ...files },
    config: {
      Interface: own.interface,
      PropagatedMount: own.propagatedMount,
      Network: own.network,
      Linux: own.linux,
      ...config,
    },
  });
}

function bundle(mainFile: string): string {
  const program = join(repository, 'node_modules', 'esbuild', 'bin', 'esbuild');
  const args = ['--bundle', '--platform=node', '--format=esm', '--conditions=outboard-source'];
  return execFileSync(program, [mainFile, ...args], {
    encoding: 'utf8',
    // While it is still a script it looks for `node` in PATH: this Node.js comes first.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  });
}
