/**
 * An engine whose methods a test supplies, for faults of HTTP and timing that the real engine cannot produce on demand.
 */
import { OutboardError, type Plugin, type PluginEngine } from '@outboard/engine';

function missing(method: string): () => never {
  return () => {
    throw new OutboardError('not-implemented', `the test did not expect a call of ${method}()`);
  };
}

const drivers: PluginEngine['drivers'] = {
  find: missing('drivers.find'),
  all: async () => [],
  enabled: () => [],
  onEnabled: () => () => {},
  onDisabled: () => () => {},
};

const references: PluginEngine['references'] = {
  of: () => [],
  add: missing('references.add'),
  remove: missing('references.remove'),
  addSource: () => () => {},
  refresh: async () => {},
};

const serving: PluginEngine['serving'] = {
  all: () => [],
  get: () => undefined,
  onChange: () => () => {},
  ready: async () => {},
  onBeforeServing: () => () => {},
};

const volumes: PluginEngine['volumes'] = {
  list: missing('volumes.list'),
  create: missing('volumes.create'),
  inspect: missing('volumes.inspect'),
  remove: missing('volumes.remove'),
  prune: missing('volumes.prune'),
  mount: missing('volumes.mount'),
  unmount: missing('volumes.unmount'),
  locate: missing('volumes.locate'),
  locateAll: missing('volumes.locate'),
  removeBy: missing('volumes.removeBy'),
};

const logs: PluginEngine['logs'] = {
  read: missing('logs.read'),
  onOutput: () => () => {},
  calls: { append: missing('logs.calls.append'), read: missing('logs.calls.read') },
};

/** Create an engine with the given methods; every other method fails. */
export function scriptEngine(script: Partial<PluginEngine>): PluginEngine {
  return {
    drivers,
    references,
    serving,
    volumes,
    policy: { current: () => undefined, prepare: missing('policy.prepare') },
    logs,
    list: missing('list'),
    inspect: missing('inspect'),
    damaged: () => [],
    inspectDamaged: () => undefined,
    repair: missing('repair'),
    adopt: missing('adopt'),
    state: missing('state'),
    outOfMemoryKills: missing('outOfMemoryKills'),
    statuses: missing('statuses'),
    status: missing('status'),
    privileges: missing('privileges'),
    verify: missing('verify'),
    localName: missing('localName'),
    pull: missing('pull'),
    create: missing('create'),
    replace: missing('replace'),
    push: missing('push'),
    upgrade: missing('upgrade'),
    rollback: missing('rollback'),
    enable: missing('enable'),
    untilReady: missing('untilReady'),
    preflight: missing('preflight'),
    disable: missing('disable'),
    restart: missing('restart'),
    set: missing('set'),
    options: missing('options'),
    update: missing('update'),
    createFromImage: missing('createFromImage'),
    export: missing('export'),
    remove: missing('remove'),
    stageArchive: missing('stageArchive'),
    save: missing('save'),
    archives: missing('archives'),
    dropArchive: missing('dropArchive'),
    collectGarbage: missing('collectGarbage'),
    fsck: missing('fsck'),
    logIn: missing('logIn'),
    resourceUsage: missing('resourceUsage'),
    stats: missing('stats'),
    processes: missing('processes'),
    exec: missing('exec'),
    debug: missing('debug'),
    longestStopMs: () => 0,
    onEvent: () => () => {},
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    ...script,
  };
}

/** A plugin as the engine returns it. */
export function samplePlugin(changes: Partial<Plugin> = {}): Plugin {
  return {
    id: 'a'.repeat(64),
    name: 'acme/p:latest',
    enabled: false,
    settings: { mounts: [], devices: [], env: [], args: [] },
    config: {
      description: 'a <sample>',
      documentation: '',
      interface: {
        types: [{ prefix: 'docker', capability: 'volumedriver', version: '1.0' }],
        socket: 'p.sock',
        protocolScheme: '',
      },
      entrypoint: ['/p'],
      workDir: '',
      user: { uid: 0, gid: 0 },
      network: { type: '' },
      ipcHost: false,
      pidHost: false,
      propagatedMount: '',
      mounts: null,
      env: null,
      args: { name: '', description: '', value: null, settable: null },
      linux: { capabilities: null, allowAllDevices: false, devices: null },
    },
    ...changes,
  };
}
