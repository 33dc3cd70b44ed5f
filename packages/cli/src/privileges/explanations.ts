/**
 * What privileges mean, in plain words, so that consent is given to something understood.
 */
import type { Privilege } from '../client/plugin-documents.ts';
import { explainCapability } from './capability-explanations.ts';
import { explainDevice, explainMount } from './path-explanations.ts';

const unknownPrivilege = 'this version of outboard does not know what this allows';

/** Sentences about a privilege: one, or one for each value of a list. Values in them are not escaped yet. */
export function explainPrivilege({ name, value }: Privilege): readonly string[] {
  switch (name) {
    case 'network':
      return value.map(explainNetwork);
    case 'host ipc namespace':
      return ['reads and changes memory that processes of the host share with each other'];
    case 'host pid namespace':
      return ['sees all processes of the host and can send them signals'];
    case 'mount':
      return value.map(explainMount);
    case 'device':
      return value.map(explainDevice);
    case 'allow-all-devices':
      return ['reads and writes every device of the host, disks included: this is root on the host'];
    case 'capabilities':
      return value.map((capability) => `${capability}: ${explainCapability(capability)}`);
    default:
      return [unknownPrivilege];
  }
}

function explainNetwork(type: string): string {
  switch (type) {
    case 'host':
      return 'uses the network of the host as it is: all its addresses, and services that listen on localhost only';
    case 'none':
      return 'has no network';
    default:
      return `uses the network "${type}"`;
  }
}
