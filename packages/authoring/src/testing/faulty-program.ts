/**
 * A plugin of every kind, in one file for Node.js, that has the fault named in the file `fault` of its propagated mount.
 * Volumes are directories that a mount moves into place and the last unmount moves away. State and fault are on disk, so
 * that they outlive a crash.
 */

/** An ES module without dependencies. */
export const faultyProgram = String.raw`
import { createServer } from 'node:http';
import fs from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const root = '/mnt/volumes';
const stateFile = root + '/state.json';
const faultFile = root + '/fault';
const readFault = () => (fs.existsSync(faultFile) ? fs.readFileSync(faultFile, 'utf8') : '');
const state = fs.existsSync(stateFile) ? JSON.parse(fs.readFileSync(stateFile, 'utf8')) : { volumes: {} };
const faultAtStart = readFault();
let fault = faultAtStart;
const save = () => {
  fs.writeFileSync(stateFile + '.new', JSON.stringify(state));
  fs.renameSync(stateFile + '.new', stateFile);
};
const has = (name) => fault === name;
const afterCrash = (name) => has(name) && faultAtStart === name;
// Once only: the engine tests the readiness of the next process.
const die = () => { if (faultAtStart !== fault) process.exit(3); };
if (has('crash/volume')) state.volumes = {};
for (const directory of ['kept', 'mounted']) fs.mkdirSync(root + '/' + directory, { recursive: true });

class Failure extends Error {}
const fail = (text) => { throw new Failure(text); };
const kept = (name) => root + '/kept/' + name;
const mounted = (name) => (has('volume/separate') ? root + '/mounted/all' : root + '/mounted/' + name);
const move = (from, to) => { if (fs.existsSync(from)) fs.renameSync(from, to); };
const countOf = (volume) => Object.values(volume.ids).reduce((sum, count) => sum + count, 0);
const find = (name) => state.volumes[name] ?? fail('no such volume');
const shown = (name) => ({
  Name: has('volume/create') ? 'other' : name,
  Mountpoint: countOf(find(name)) > 0 ? mounted(name) : '',
  ...(has('volume/created-at') ? { CreatedAt: '' } : {}),
});
let pools = {};
let networks = {};
let streams = new Map();
const logs = new Map();
let started = 0;
let decisions = 0;
const leak = [];

const methods = {
  'Plugin.Activate': () => {
    if (afterCrash('crash/restart')) fail('not today');
    if (has('protocol/activate')) return {};
    if (has('process/output')) console.log('x'.repeat(400_000));
    if (has('protocol/implements')) return { Implements: ['volumedriver'] };
    return { Implements: ['VolumeDriver', 'authz', 'NetworkDriver', 'IpamDriver', 'LogDriver', 'secretprovider', 'MetricsCollector'] };
  },

  'VolumeDriver.Capabilities': () => ({ Capabilities: { Scope: has('volume/capabilities') ? 'planet' : 'local' } }),
  'VolumeDriver.Create': ({ Name, Opts }) => {
    if (afterCrash('crash/in-create')) fail('create is broken');
    if (has('volume/options-null') && Opts === null) die();
    if (typeof Name !== 'string' || Name === '' || (/[/]/.test(Name) && !has('volume/escape'))) fail('bad name');
    if (has('volume/escape') && Name.includes('/')) { state.volumes[Name] = { ids: {} }; save(); return {}; }
    if (state.volumes[Name] !== undefined) return has('volume/create-twice') ? fail('it exists') : {};
    state.volumes[Name] = { ids: {} };
    fs.mkdirSync(kept(Name), { recursive: true });
    save();
    return {};
  },
  'VolumeDriver.Remove': ({ Name }) => {
    if (afterCrash('crash/in-remove')) fail('remove is broken');
    const volume = find(Name);
    if (has('volume/remove')) return {};
    if (countOf(volume) > 0 && !has('volume/remove-mounted')) fail('it is mounted');
    delete state.volumes[Name];
    for (const path of [kept(Name), mounted(Name)]) fs.rmSync(path, { recursive: true, force: true });
    save();
    return {};
  },
  'VolumeDriver.Get': ({ Name }) => {
    if (has('request/wrong-types') && typeof Name !== 'string') die();
    return { Volume: has('request/empty-body') && Name === undefined ? { Name: 'default' } : shown(Name) };
  },
  'VolumeDriver.List': () => ({ Volumes: Object.keys(state.volumes).map(shown) }),
  'VolumeDriver.Path': ({ Name }) => ({ Mountpoint: shown(Name).Mountpoint }),
  'VolumeDriver.Mount': ({ Name, ID }) => {
    if (afterCrash('crash/in-mount')) fail('mount is broken');
    if (has('volume/unknown') && state.volumes[Name] === undefined) return { Mountpoint: '/mnt/volumes' };
    if (has('volume/escape') && Name.includes('/')) return { Mountpoint: '/mnt/outside' };
    const volume = find(Name);
    if (afterCrash('crash/mounted') && countOf(volume) > 0) fail('already mounted');
    if (has('volume/mount-same-id')) volume.ids[ID] = 1;
    else volume.ids[ID] = (volume.ids[ID] ?? 0) + 1;
    move(kept(Name), mounted(Name));
    if (has('volume/separate')) fs.mkdirSync(mounted(Name), { recursive: true });
    save();
    if (has('volume/mount')) return { Mountpoint: mounted(Name) + '/' };
    if (has('volume/visible')) return { Mountpoint: root + '/nowhere' };
    if (has('volume/propagated')) { fs.mkdirSync('/data/' + Name, { recursive: true }); return { Mountpoint: '/data/' + Name }; }
    return { Mountpoint: mounted(Name) };
  },
  'VolumeDriver.Unmount': ({ Name, ID }) => {
    if (afterCrash('crash/in-unmount')) fail('unmount is broken');
    const volume = state.volumes[Name];
    if (volume === undefined) return {};
    if (volume.ids[ID] === undefined && has('volume/unmount-unknown')) die();
    if (has('volume/unmount-twice') && volume.ids[ID] === undefined) volume.ids = {};
    if (has('volume/mount-two-ids')) volume.ids = {};
    volume.ids[ID] = (volume.ids[ID] ?? 0) - 1;
    if (volume.ids[ID] <= 0) delete volume.ids[ID];
    if (countOf(volume) === 0) {
      move(mounted(Name), kept(Name));
      if (has('volume/data')) fs.rmSync(kept(Name) + '/outboard-check', { force: true });
    }
    save();
    return {};
  },

  'AuthZPlugin.AuthZReq': ({ RequestMethod, RequestUri, RequestBody }) => {
    decisions += 1;
    if (has('authorization/request')) return { Allow: 'yes' };
    if (has('authorization/bodies') && RequestBody === '%%%') return {};
    if (has('authorization/stable')) return { Allow: decisions % 2 === 0, Msg: 'sometimes' };
    if (RequestMethod === 'DELETE') return { Allow: false, Msg: has('authorization/denial') ? '' : 'nothing is deleted here' };
    return { Allow: true };
  },
  'AuthZPlugin.AuthZRes': () => (has('authorization/response') ? {} : { Allow: true }),

  'NetworkDriver.GetCapabilities': () => ({ Scope: has('network/capabilities') ? 'Local' : 'local' }),
  'NetworkDriver.CreateNetwork': ({ NetworkID }) => {
    networks[NetworkID] = {};
    return has('network/network') ? fail('no networks today') : {};
  },
  'NetworkDriver.DeleteNetwork': ({ NetworkID }) => {
    if (has('network/leave-unknown') && networks[NetworkID] === undefined) die();
    delete networks[NetworkID];
    return {};
  },
  'NetworkDriver.CreateEndpoint': ({ Interface }) => (has('network/endpoint') ? { Interface } : { Interface: {} }),
  'NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
  'NetworkDriver.DeleteEndpoint': () => ({}),
  'NetworkDriver.Leave': () => ({}),
  'NetworkDriver.DiscoverNew': () => (has('network/discovery') ? fail('no discovery') : {}),
  'NetworkDriver.DiscoverDelete': () => ({}),

  'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: has('ipam/capabilities') ? 'no' : false }),
  'IpamDriver.GetDefaultAddressSpaces': () => ({
    LocalDefaultAddressSpace: 'local',
    GlobalDefaultAddressSpace: has('ipam/address-spaces') ? '' : 'global',
  }),
  'IpamDriver.RequestPool': ({ Pool }) => {
    if (has('ipam/pool')) return { PoolID: '' };
    pools[Pool] = new Set();
    return { PoolID: Pool, Pool };
  },
  'IpamDriver.ReleasePool': () => ({}),
  'IpamDriver.RequestAddress': ({ PoolID, Address }) => {
    const taken = pools[PoolID] ?? (has('ipam/unknown-pool') ? new Set() : fail('no such pool'));
    if (has('ipam/address')) return { Address: '198.51.100.2/24' };
    let wanted = Address;
    for (let number = 2; !wanted; number += 1) if (!taken.has('198.51.100.' + number)) wanted = '198.51.100.' + number;
    if (taken.has(wanted) && !has('ipam/address-taken')) fail('it is taken');
    if (has('ipam/address-again') && Address) wanted = '198.51.100.99';
    taken.add(wanted);
    return { Address: wanted + '/24' };
  },
  'IpamDriver.ReleaseAddress': ({ PoolID, Address }) => { pools[PoolID]?.delete(Address); return pools[PoolID] === undefined ? fail('no such pool') : {}; },

  'LogDriver.Capabilities': () => (has('log/capabilities') ? { ReadLogs: true } : { Cap: { ReadLogs: true } }),
  'LogDriver.StartLogging': ({ File, Info }) => {
    if (has('log/stream')) fail('no streams today');
    const stream = new net.Socket({ fd: fs.openSync(File, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK), readable: true });
    let bytes = Buffer.alloc(0);
    stream.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4) {
        const length = bytes.readUInt32BE();
        if (length > 1048576 && has('log/broken-frame')) die();
        if (length > 1048576) return stream.destroy();
        if (bytes.length < 4 + length) return;
        take(Info, bytes.subarray(4, 4 + length));
        bytes = bytes.subarray(4 + length);
      }
    });
    stream.on('error', () => {});
    streams.set(File, stream);
    return {};
  },
  'LogDriver.StopLogging': ({ File }) => new Promise((resolve, reject) => {
    if (has('log/stop-unknown') && !streams.has(File)) return reject(new Failure('no such stream'));
    if (has('log/two-streams') && streams.size > 1) return reject(new Failure('too many streams'));
    // What is in the pipe arrives in the next turns of the loop.
    setImmediate(() => setImmediate(() => { streams.get(File)?.destroy(); streams.delete(File); resolve({}); }));
  }),
  'LogDriver.ReadLogs': ({ Info }) => Buffer.concat((logs.get(Info.ContainerID) ?? []).map((line) => {
    const text = Buffer.concat([line, Buffer.from(has('log/read') ? '' : '\n')]);
    const message = Buffer.concat([Buffer.from([10, 6]), Buffer.from('stdout'), Buffer.from([26, text.length]), text]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    return Buffer.concat([length, message]);
  })),

  'SecretProvider.GetSecret': ({ SecretName }) => {
    if (has('secret/answer')) return { Value: 'no base64!' };
    if (has('secret/path') && fs.existsSync('/' + SecretName)) return { Value: fs.readFileSync('/' + SecretName).toString('base64') };
    if (SecretName === undefined || SecretName.includes('/')) fail('bad name');
    return { Value: Buffer.from('secret of ' + SecretName).toString('base64') };
  },
  'MetricsCollector.StartMetrics': () => { started += 1; return has('metrics/start-stop') && started > 1 ? fail('started') : {}; },
  'MetricsCollector.StopMetrics': () => { started = 0; return {}; },
};

/** Keep the line of an entry: field 3. A fragment has field 5. */
function take({ ContainerID }, message) {
  let line = Buffer.alloc(0);
  for (let at = 0; at < message.length; ) {
    const key = message[at++];
    let value = 0;
    for (let shift = 0, byte = 128; byte >= 128; shift += 7) { byte = message[at++]; value += (byte & 127) * 2 ** shift; }
    if ((key & 7) !== 2) continue;
    if (key >> 3 === 3) line = message.subarray(at, at + value);
    if (key >> 3 === 5 && has('log/partial')) die();
    at += value;
  }
  logs.set(ContainerID, [...(logs.get(ContainerID) ?? []), Buffer.from(line)]);
}

let inFlight = 0;
const canonical = { name: 'Name', id: 'ID', opts: 'Opts' };

async function answer(request, body) {
  if (has('process/memory')) leak.push(Buffer.alloc(200_000, 1));
  const method = methods[request.url.slice(1)];
  const [http10, chunked] = [request.httpVersion === '1.0', request.headers['transfer-encoding'] !== undefined];
  if (has('request/http-1.0') && http10) return [505, {}];
  if (has('request/chunked') && chunked) return [411, {}];
  if (has('request/headers') && /form/.test(request.headers['content-type'] ?? '')) return [415, {}];
  if (has('request/huge-body') && body.length > 1e6) die();
  if (has('request/concurrent') && inFlight > 10) return [503, {}];
  if (has('request/concurrent')) await delay(300); // so that it has that many
  if (method === undefined) return has('protocol/unknown-method') ? [200, {}] : [404, { Err: 'not implemented' }];
  if (has('protocol/no-arguments') && body === '' && /List/.test(request.url)) return [400, { Err: 'no body' }];
  let document = {};
  try {
    document = body === '' ? {} : JSON.parse(body.split('\n')[0].replace(/(}) }$/, '$1')) ?? {};
  } catch {
    if (has('request/malformed')) return [200, { Volume: null, Volumes: [] , ok: true }];
    if (has('authorization/error-denies')) return [200, { Allow: true, Err: 'malformed' }];
    return [400, { Err: 'malformed' }];
  }
  if (has('request/unknown-fields') && Object.keys(document).some((key) => key === 'OutboardCheck')) return [400, { Err: 'unknown' }];
  if (!has('volume/letter-case') && document !== null && typeof document === 'object') {
    document = Object.fromEntries(Object.entries(document).map(([key, value]) => [canonical[key] ?? key, value]));
  }
  try {
    const result = await method(document);
    return [200, result];
  } catch (error) {
    return [has('protocol/error-status') ? 200 : 500, { Err: error.message, ...(/Ipam/.test(request.url) ? { Error: error.message } : {}) }];
  }
}

async function handle(request, response) {
  fault = readFault();
  inFlight += 1;
  response.on('close', () => { inFlight -= 1; });
  request.on('error', () => { if (has('request/cut-connection')) die(); });
  let body = '';
  try {
    for await (const chunk of request) body += chunk;
  } catch {
    return;
  }
  const [status, document] = await answer(request, body);
  if (has('request/keep-alive')) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'application/vnd.docker.plugins.v1.2+json' });
  response.end(Buffer.isBuffer(document) ? document : JSON.stringify(document));
}

const server = createServer(handle);
server.on('checkContinue', (request, response) => {
  if (has('request/expect')) return response.writeHead(500).end();
  response.writeContinue();
  handle(request, response);
});
server.on('clientError', (error, socket) => socket.destroy());
server.on('connection', (socket) => {
  fault = readFault();
  socket.on('close', () => { if (has('protocol/probe') && socket.bytesRead === 0) die(); });
});
const open = () => server.listen('/run/docker/plugins/faulty.sock');
if (process.env.FAULT === 'start/late') setTimeout(open, Number(process.env.DELAY_MS));
else if (process.env.FAULT === 'start/ready') process.exit(7);
else open();
process.on('SIGTERM', () => { if (process.env.FAULT !== 'stop/signal') process.exit(0); });
`;
