/**
 * The names of sockets on record: a plugin keeps its name over restarts and upgrades, and gets it again when it is
 * installed anew.
 */
import { basename, dirname } from 'node:path';
import { codec, JsonFile, OutboardError, removeUnfinishedWrites } from '@outboard/oci';
import type { Logger } from 'pino';
import { deriveAliases } from './derive-aliases.ts';

/** An installed plugin, enabled or not. */
export interface AliasHolder {
  /** Full local name. */
  readonly name: string;
  /** Name that the operator chose for its socket. */
  readonly chosen?: string | undefined;
}

/** The names of plugins' sockets. */
export interface AliasClaims {
  /**
   * The name of a plugin's socket. A new name is on disk when this resolves.
   * @param installed all installed plugins; a name that was claimed by a plugin that is not among them is free
   * @throws {OutboardError} conflict when the chosen name is another plugin's
   */
  claim(plugin: AliasHolder, installed: readonly AliasHolder[]): Promise<string>;
  /**
   * The plugin that keeps a name from others; undefined when it is free.
   * @param name full local name of the plugin that wants it
   */
  holderOf(alias: string, name: string, installed: readonly AliasHolder[]): string | undefined;
}

const { exact, field, listOrEmpty, object, required, text } = codec;

const claimFile = new JsonFile({
  subject: 'names of sockets',
  codec: exact(
    object({
      version: codec.constantField('Version', 1),
      claims: field(
        'Claims',
        required(listOrEmpty(exact(object({ plugin: field('Plugin', text), alias: field('Alias', text) })))),
      ),
    }),
  ),
  isSealed: true,
  damage: 'set-aside',
});

/** Claims of plugins that are not installed any more; the oldest are forgotten beyond it. */
const mostAbsent = 256;

/**
 * Open the claims. A file that is damaged is set aside, logged and counts as none: the names are derived again.
 * @param path of the file; undefined keeps the claims in memory only
 */
export async function openAliasClaims(path: string | undefined, logger: Logger): Promise<AliasClaims> {
  /** Alias by full plugin name, the oldest claim first. */
  let claims = await readClaims(path, logger);

  function holderOf(alias: string, name: string, installed: readonly AliasHolder[]): string | undefined {
    const others = installed.filter((plugin) => plugin.name !== name);
    return others.find((plugin) => (plugin.chosen ?? claims.get(plugin.name)) === alias)?.name;
  }

  async function claim(plugin: AliasHolder, installed: readonly AliasHolder[]): Promise<string> {
    const { name, chosen } = plugin;
    if (chosen !== undefined) {
      const holder = holderOf(chosen, name, installed);
      if (holder === undefined) return chosen;
      throw new OutboardError('conflict', `the name ${JSON.stringify(chosen)} belongs to plugin ${holder}`);
    }
    const candidates = [claims.get(name), ...deriveAliases(name)];
    const free = candidates.find(
      (alias) => alias !== undefined && holderOf(alias, name, installed) === undefined,
    );
    if (free === undefined) throw new OutboardError('conflict', `all names for plugin ${name} are taken`);
    if (claims.get(name) !== free) await save(name, free, installed);
    return free;
  }

  async function save(name: string, alias: string, installed: readonly AliasHolder[]): Promise<void> {
    const present = new Set(installed.map((plugin) => plugin.name));
    const kept = [...claims].filter(([other, taken]) => other !== name && taken !== alias);
    const absent = kept.filter(([other]) => !present.has(other)).map(([other]) => other);
    const forgotten = new Set(absent.slice(0, Math.max(0, absent.length - mostAbsent)));
    const next = new Map([...kept.filter(([other]) => !forgotten.has(other)), [name, alias]]);
    if (path !== undefined) {
      const rows = [...next].map(([plugin, taken]) => ({ plugin, alias: taken }));
      await claimFile.commit(path, { claims: rows }, (error) =>
        logger.warn({ err: error, path }, 'the names of sockets may not survive a power failure'),
      );
    }
    claims = next;
  }

  return { claim, holderOf };
}

async function readClaims(path: string | undefined, logger: Logger): Promise<Map<string, string>> {
  if (path === undefined) return new Map();
  await removeUnfinishedWrites(dirname(path), {
    of: basename(path),
    onFailure: (error) =>
      logger.warn({ err: error }, 'cannot remove what is left of a write that was cut short'),
  });
  try {
    const document = await claimFile.read(path);
    return new Map(document?.claims.map(({ plugin, alias }) => [plugin, alias]));
  } catch (error) {
    logger.error({ err: error }, 'the names of sockets are derived from the names of plugins again');
    return new Map();
  }
}
