/**
 * Removes what CNI plugins set up for one container, where the CNI plugins fail to: when part of it is gone already,
 * as after a flush of the host's firewall, and when they are no longer installed.
 * @see https://www.cni.dev/plugins/current/meta/firewall/, /ipam/host-local/; containernetworking/plugins
 *   pkg/ip/ipmasq_linux.go
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/errno.ts';
import { findBinary } from '../linux/find-binary.ts';
import { runProgram } from '../linux/run-program.ts';

/** A network to remove, as far as it is known. */
export interface NetworkCleanup {
  readonly containerId: string;
  /** Path of the network namespace; absent when it is gone, and the interface with it. */
  readonly namespace?: string | undefined;
  /** Interface in the namespace; its other end is on the bridge. */
  readonly interfaceName: string;
  /** Name of the bridge and of the CNI network. */
  readonly bridge: string;
  /** Directory of host-local: a subdirectory for each network, with a file for each address in use. */
  readonly addressesDirectory: string;
  /** Its address, if it is known from the record. */
  readonly address?: string | undefined;
}

const timeoutMs = 30_000;

/**
 * Delete interface, address reservations and firewall rules. Idempotent. @throws {OutboardError} system when a rule
 * cannot be deleted
 */
export async function cleanUpNetwork(network: NetworkCleanup): Promise<void> {
  const { containerId, bridge, address, namespace } = network;
  if (namespace !== undefined) await deleteInterface(namespace, network.interfaceName);
  const holders = await readHolders(join(network.addressesDirectory, bridge));
  const held = [...holders].filter(([, holder]) => holder === containerId).map(([file]) => file);
  await deleteRules(network, {
    addresses: address === undefined ? held : [...held, address],
    // A freed address, and its rules, may belong to another container by now.
    isOurs: (candidate) => (holders.get(candidate) ?? containerId) === containerId,
  });
  for (const file of held) await rm(join(network.addressesDirectory, bridge, file), { force: true });
}

/**
 * Delete the interface, so that the bridge can be removed at once: the kernel deletes a namespace, with its
 * interfaces, later.
 */
async function deleteInterface(namespace: string, name: string): Promise<void> {
  let ip: string;
  try {
    ip = await findBinary('ip');
  } catch {
    // Not essential: the bridge then stays until the next container leaves it.
    return;
  }
  const args = [`--net=${namespace}`, '--', ip, 'link', 'delete', name];
  // The exit code is ignored: the interface may be gone.
  await runProgram(await findBinary('nsenter'), args, { timeoutMs });
}

/** Holders of addresses: container IDs by address. */
async function readHolders(directory: string): Promise<ReadonlyMap<string, string>> {
  const holders = new Map<string, string>();
  for (const file of (await listDirectory(directory)).filter((name) => isIPv4(name))) {
    // Lines end with CRLF; the second line is the interface.
    const [holder = ''] = (await readFile(join(directory, file), 'utf8')).split(/\r?\n/);
    holders.set(file, holder.trim());
  }
  return holders;
}

async function listDirectory(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Chain in which the bridge plugin puts the masquerading rules of a container. */
function masqueradeChain(containerId: string, network: string): string {
  return `CNI-${createHash('sha512').update(`${network}${containerId}`).digest('hex')}`.slice(0, 28);
}

async function deleteRules(
  { containerId, bridge }: NetworkCleanup,
  known: { readonly addresses: readonly string[]; readonly isOurs: (address: string) => boolean },
): Promise<void> {
  const chain = masqueradeChain(containerId, bridge);
  const nat = (await listRules('nat', 'POSTROUTING')).filter((rule) => rule.endsWith(` -j ${chain}`));
  const named = nat.flatMap((rule) => / -s (\S+)\/32 /.exec(rule)?.[1] ?? []);
  const addresses = [...known.addresses, ...named].filter(known.isOurs);
  // The listing of an existing chain contains at least the chain itself.
  const hasChain = (await listRules('nat', chain)).length > 0;
  const forward = (await listRules('filter', 'CNI-FORWARD')).filter((rule) =>
    addresses.some((address) => / -[sd] (\S+)\/32 /.exec(rule)?.[1] === address),
  );
  await restore([
    ...['*nat', ...nat.map(asDeletion), ...(hasChain ? [`-F ${chain}`, `-X ${chain}`] : []), 'COMMIT'],
    ...['*filter', ...forward.map(asDeletion), 'COMMIT'],
  ]);
}

/** List a chain and its rules as iptables commands; empty when there is no such chain. */
async function listRules(table: string, chain: string): Promise<readonly string[]> {
  const iptables = await findBinary('iptables');
  const args = ['--table', table, '--list-rules', chain, '--wait'];
  const { code, stdout } = await runProgram(iptables, args, { timeoutMs });
  return code === 0 ? stdout.trim().split('\n') : [];
}

function asDeletion(rule: string): string {
  return rule.replace(/^-A /, '-D ');
}

async function restore(lines: readonly string[]): Promise<void> {
  const program = await findBinary('iptables-restore');
  const input = `${lines.join('\n')}\n`;
  const { code, stderr } = await runProgram(program, ['--noflush', '--wait'], { timeoutMs, input });
  if (code === 0) return;
  throw new OutboardError('system', `cannot delete firewall rules: ${stderr.trim().slice(0, 1024)}`);
}
