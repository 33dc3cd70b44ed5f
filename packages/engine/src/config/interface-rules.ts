/**
 * Rules for the interface of a plugin: what it serves, and at which socket.
 */
import { editDistance, hasHiddenCharacters, OutboardError, showValue } from '@outboard/oci';
import type { Findings } from './config-finding.ts';
import { describeFinding } from './describe-finding.ts';
import { formatInterfaceType, type InterfaceType, writtenInterfaceType } from './interface-type.ts';
import { socketDirectoryInPlugin } from './mount-rules.ts';
import type { PluginConfig } from './plugin-config.ts';
import { boundToVersion, httpSchemes } from './served-capabilities.ts';

/** `/run/docker/plugins/<name>` must fit sun_path (108 bytes with NUL), or the plugin cannot bind it. */
const maxSocketNameBytes = 107 - `${socketDirectoryInPlugin}/`.length;

/** Capabilities that Docker uses, and those of plugins of other protocols that it knows. */
const knownKinds =
  'authz ipamdriver logdriver metricscollector networkdriver secretprovider volumedriver csicontroller csinode'.split(
    ' ',
  );

/** Check types, scheme and socket. */
export function checkInterface({ interface: served }: PluginConfig, findings: Findings): void {
  const types = served.types ?? [];
  for (const [index, type] of types.entries()) checkType(`Interface.Types[${index}]`, type, findings);
  if (types.length === 0) {
    const want = 'what the plugin serves, such as ["docker.volumedriver/1.0"]: no engine calls it without';
    findings.add('warning', 'config/interface-type', describeFinding('Interface.Types', served.types, want));
  }
  const { protocolScheme } = served;
  if (!httpSchemes.has(protocolScheme)) {
    const want = `"moby.plugins.http/v1" or nothing: engines call no volume, network or other driver with another scheme`;
    const message = describeFinding('Interface.ProtocolScheme', protocolScheme, want);
    findings.add('warning', 'config/protocol-scheme', message);
  }
  checkSocket(served.socket, types.length > 0, findings);
}

function checkType(field: string, type: InterfaceType, findings: Findings): void {
  const add: Findings['add'] = (severity, code, want) =>
    findings.add(severity, code, describeFinding(field, writtenInterfaceType(type), want));
  if (hasHiddenCharacters(formatInterfaceType(type))) {
    add('refused', 'config/interface-type', 'text without control and invisible characters');
    return;
  }
  const { prefix, capability, version } = type;
  const meant = closestKind(capability);
  if (prefix === '' || capability === '' || version === '') {
    const likely = JSON.stringify(`docker.${meant ?? 'volumedriver'}/1.0`);
    add('mistake', 'config/interface-type', `<prefix>.<capability>/<version>, such as ${likely}`);
    return;
  }
  const isMisspelt = meant !== undefined && (meant !== capability || isNearly(prefix, 'docker'));
  if (isMisspelt && (prefix === 'docker' || isNearly(prefix, 'docker'))) {
    add('flaw', 'config/interface-type', JSON.stringify(`docker.${meant}/${version}`));
  } else if (prefix === 'docker' && boundToVersion.has(capability) && version !== '1.0') {
    add('flaw', 'config/interface-type', `"docker.${capability}/1.0": engines look up no other version`);
  } else if (prefix !== 'docker' || !knownKinds.includes(capability)) {
    const kinds = knownKinds.slice(0, 7).join(', ');
    add('warning', 'config/interface-type', `"docker.KIND/1.0" with one of the kinds ${kinds}`);
  }
}

/** The kind that a word is, or was meant to be. */
function closestKind(word: string): string | undefined {
  const folded = word.toLowerCase().replace(/[-_ ]/g, '');
  if (folded === 'authorization') return 'authz';
  return knownKinds.find((kind) => folded === kind) ?? knownKinds.find((kind) => isNearly(folded, kind));
}

/** True for a word that is not the other, and differs from it by a likely typing error. */
function isNearly(word: string, other: string): boolean {
  if (word === other) return false;
  const limit = Math.min(2, Math.floor((other.length - 1) / 3));
  return editDistance(word.toLowerCase(), other, limit + 1) <= limit;
}

function checkSocket(socket: string, hasTypes: boolean, findings: Findings): void {
  if (socket === '') {
    const message = describeFinding(
      'Interface.Socket',
      socket,
      'the name of the socket, such as "plugin.sock"',
    );
    findings.add(hasTypes ? 'mistake' : 'warning', 'config/socket', message);
    return;
  }
  // The name is joined to a directory of the host: any other text would lead out of it.
  findings.attempt('config/socket', () => {
    const isComponent = !socket.includes('/') && socket !== '.' && socket !== '..';
    if (isComponent && !hasHiddenCharacters(socket) && Buffer.byteLength(socket) <= maxSocketNameBytes)
      return;
    const last = socket.split('/').at(-1) ?? '';
    const place = `it is made in ${socketDirectoryInPlugin} of the plugin`;
    const such = isComponent || /^\.{0,2}$/.test(last) ? '' : `, such as ${showValue(last)}`;
    const want = `one file name of at most ${maxSocketNameBytes} bytes${such}: ${place}`;
    throw new OutboardError('invalid', describeFinding('Interface.Socket', socket, want));
  });
}
