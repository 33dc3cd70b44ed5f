/**
 * Prepares the state that a case begins in, and removes it.
 */
import { randomBytes } from 'node:crypto';
import { callApi } from '../../support/daemon.ts';
import type { Given } from './conformance-case.ts';
import { demand, type EngineUnderTest } from './engine-under-test.ts';
import { archiveBytes } from './plugin-bytes.ts';
import { publish } from './publish.ts';
import type { Registries } from './registries.ts';
import type { Fill } from './shape.ts';

/** Environment of all cases of a run. */
export interface Place {
  readonly engine: EngineUnderTest;
  readonly registries: Registries;
  /** Part of the name of everything that the run creates, and of nothing else on the engine. */
  readonly mark: string;
  /** Created volumes, by name, with the plugin of each. */
  readonly volumes: Map<string, string>;
}

/** The state shared by the cases of one run. */
export function createPlace(engine: EngineUnderTest, registries: Registries): Place {
  return { engine, registries, mark: `conformance-${randomBytes(4).toString('hex')}`, volumes: new Map() };
}

/** The state of one case. */
export interface CaseState {
  /** Fills the placeholders of this case. @throws {Error} for one that the state does not have */
  readonly fill: Fill;
  /** Store a value of a response. */
  bind(name: string, value: string): void;
}

/** Create a state. Names are new for every case, so that leftovers cannot affect another one. */
export async function makeState(place: Place, given: readonly Given[]): Promise<CaseState> {
  const bindings = initialBindings(place);
  const fill: Fill = (template) =>
    template.replace(/\{[a-z][A-Za-z]*\}/g, (placeholder) => {
      const value = bindings.get(placeholder.slice(1, -1));
      if (value === undefined) throw new Error(`nothing is there for ${placeholder} in ${template}`);
      return value;
    });
  const bind = (name: string, value: string) => void bindings.set(name, value);
  for (const step of given) await make(step, { place, fill, bind });
  return { fill, bind };
}

let count = 0;

/**
 * Placeholders of every case. `{name}`, `{other}` and `{alias}` are local names, `{remote}` and `{upgrade}` are in the
 * registry, `{protected}` and `{unreachable}` in others, all with tag; `{repo}` is the remote without tag, `{path}`
 * also without the registry. Plugins add `{id}` and `{shortId}` (12 digits); published ones `{manifest}`, `{layer}` and
 * `{secondLayer}` (layers as the 12 digits of progress), and the same as `{upgradeManifest}` and so on.
 */
function initialBindings({ engine, registries, mark }: Place): Map<string, string> {
  const path = `${mark}/c${++count}`;
  const repo = `${registries.host}/${path}`;
  return new Map([
    ['apiVersion', engine.apiVersion],
    ['minApiVersion', engine.minApiVersion],
    ['registry', registries.host],
    ['unreachable', `127.0.0.1:1/${path}:v1`],
    ['path', path],
    ['repo', repo],
    ['name', `${path}:v1`],
    ['other', `${path}-other:v1`],
    ['alias', `${path}-alias:v1`],
    ['volume', `${mark}-v${count}`],
    ['remote', `${repo}:v1`],
    ['upgrade', `${repo}:v2`],
    ...(registries.protectedHost === undefined
      ? []
      : ([['protected', `${registries.protectedHost}/${path}:v1`]] as const)),
  ]);
}

interface Making {
  readonly place: Place;
  readonly fill: Fill;
  readonly bind: (name: string, value: string) => void;
}

async function make(given: Given, making: Making): Promise<void> {
  const { place, fill, bind } = making;
  const { engine } = place;
  if ('made' in given) {
    const name = fill(`{${given.as ?? 'name'}}`);
    await demand(engine, `POST /plugins/create?name=${name}`, archiveBytes(given.made));
    await bindId(making, name);
  } else if ('published' in given) {
    await makePublished(given, making);
  } else if ('installed' in given) {
    const remote = fill('{remote}');
    const privileges = await demand(engine, `GET /plugins/privileges?remote=${remote}`);
    await demand(engine, `POST /plugins/pull?remote=${remote}&name=${fill(given.installed)}`, privileges);
    await bindId(making, fill(given.installed));
  } else if ('enabled' in given) {
    await demand(engine, `POST /plugins/${fill(given.enabled)}/enable?timeout=0`);
  } else if ('set' in given) {
    await demand(engine, `POST /plugins/${fill(given.of)}/set`, JSON.stringify(given.set.map(fill)));
  } else if ('usedByVolume' in given) {
    const volume = { Name: fill('{volume}'), Driver: fill(given.usedByVolume) };
    place.volumes.set(volume.Name, volume.Driver);
    await demand(engine, 'POST /volumes/create', JSON.stringify(volume));
  } else {
    bind('sharedPrefix', await makeCrowd(place, fill('{path}')));
  }
}

async function bindId({ place, bind }: Making, name: string): Promise<void> {
  const plugin: unknown = JSON.parse(await demand(place.engine, `GET /plugins/${name}/json`));
  const id = new Map(Object.entries(plugin ?? {})).get('Id');
  if (typeof id !== 'string') throw new Error(`plugin ${name} has no Id`);
  bind('id', id);
  bind('shortId', id.slice(0, 12));
}

async function makePublished(
  given: Extract<Given, { published: unknown }>,
  { place, fill, bind }: Making,
): Promise<void> {
  const isUpgrade = given.as === 'upgrade';
  const { manifest, layers } = await publish(given.published, {
    host: place.registries.directHost,
    repository: fill('{path}'),
    tag: isUpgrade ? 'v2' : 'v1',
  });
  const bindAs = (name: string, value: string) =>
    bind(isUpgrade ? `upgrade${name[0]?.toUpperCase()}${name.slice(1)}` : name, value);
  bindAs('manifest', manifest);
  for (const [index, layer] of layers.entries())
    bindAs(index === 0 ? 'layer' : 'secondLayer', shortDigest(layer));
}

function shortDigest(digest: string): string {
  return digest.slice('sha256:'.length).slice(0, 12);
}

/** Two of seventeen plugins always share a first digit; of six usually. @returns the digit */
async function makeCrowd({ engine }: Place, path: string): Promise<string> {
  const digits = new Set<string>();
  for (let index = 0; ; index += 1) {
    const name = `${path}-crowd${index}:v1`;
    await demand(engine, `POST /plugins/create?name=${name}`, archiveBytes({}));
    const { Id } = JSON.parse(await demand(engine, `GET /plugins/${name}/json`));
    const digit = String(Id)[0] ?? '';
    if (digits.has(digit)) return digit;
    digits.add(digit);
  }
}

/**
 * Remove everything that the run created. Volumes first: they refer to plugins, which must be enabled for the removal.
 */
export async function clearAway({ engine, mark, volumes }: Place): Promise<void> {
  for (const [volume, plugin] of volumes) {
    await callApi(engine.socket, 'POST', `/plugins/${plugin}/enable?timeout=0`); // It may be enabled already.
    await demand(engine, `DELETE /volumes/${volume}?force=1`);
    volumes.delete(volume);
  }
  const plugins: readonly { readonly Name: string }[] = JSON.parse(await demand(engine, 'GET /plugins'));
  for (const { Name } of plugins.filter((plugin) => plugin.Name.includes(mark))) {
    await demand(engine, `DELETE /plugins/${Name}?force=1`);
  }
}
