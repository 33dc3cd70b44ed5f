/**
 * Explanations of privileges, as a basis for consent.
 */
import type { Privilege } from '../client/plugin-documents.ts';
import { explainCapability, type PluginAccess } from './capability-explanations.ts';
import type { Explanation } from './explanation.ts';
import { explainDevice, explainMount } from './path-explanations.ts';

const hostIpc: Explanation = {
  text: 'reads and changes memory that processes of the host share with each other',
  risk: 'high',
};
const hostProcesses: Explanation = {
  text: 'sees all processes of the host, with their arguments, and can send them signals',
  risk: 'high',
};
const allDevices: Explanation = {
  text: 'reads and writes every device of the host, disks included',
  risk: 'root',
};
const unknownPrivilege: Explanation = {
  text: 'this version of outboard does not know what this allows',
  risk: 'high',
};

/** Explain privileges: for each, in order, one explanation, or one for each value. */
export function explainPrivileges(privileges: readonly Privilege[]): readonly (readonly Explanation[])[] {
  const access: PluginAccess = {
    hostNetwork: privileges.some(({ name, value }) => name === 'network' && value.includes('host')),
    hostProcesses: privileges.some(({ name }) => name === 'host pid namespace'),
    hostIpc: privileges.some(({ name }) => name === 'host ipc namespace'),
  };
  return privileges.map((privilege) => explainPrivilege(privilege, access));
}

function explainPrivilege({ name, value }: Privilege, access: PluginAccess): readonly Explanation[] {
  switch (name) {
    case 'network':
      return value.map(explainNetwork);
    case 'host ipc namespace':
      return [hostIpc];
    case 'host pid namespace':
      return [hostProcesses];
    case 'mount':
      return value.map(explainMount);
    case 'device':
      return value.map(explainDevice);
    case 'allow-all-devices':
      return [allDevices];
    case 'capabilities':
      return value.map((capability) => {
        const { text, risk } = explainCapability(capability, access);
        return { text: `${capability}: ${text}`, risk };
      });
    default:
      return [unknownPrivilege];
  }
}

function explainNetwork(type: string): Explanation {
  switch (type) {
    case 'host':
      return {
        text: 'uses the network of the host as it is: all its addresses, and services that listen on localhost only',
        risk: 'high',
      };
    case 'none':
      return { text: 'has no network', risk: 'low' };
    default:
      return { text: `uses the network "${type}"`, risk: 'low' };
  }
}
