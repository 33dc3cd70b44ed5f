/**
 * Takes back by hand what CNI plugins set up for one container, where they themselves fail to: they do when part of it
 * is gone already, as after a flush of the host's firewall, and when they are not installed any more.
 * @see https://www.cni.dev/plugins/current/meta/firewall/, /ipam/host-local/; containernetworking/plugins pkg/ip/ipmasq_linux.go
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/errno.ts';
import { findBinary } from '../linux/find-binary.ts';
import { runProgram } from '../linux/run-program.ts';

/** What is known of it. */
export interface NetworkCleanup {
  readonly containerId: string;
  /** Path of the network namespace; absent when it is gone, and with it the interface. */
  readonly namespace?: string | undefined;
  /** In the namespace; its other end is on the bridge. */
  readonly interfaceName: string;
  /** Name of the bridge, which is that of the CNI network. */
  readonly bridge: string;
  /** Where host-local keeps a directory for each network, with a file for each address in use. */
  readonly addressesDirectory: string;
  /** That it was given, if that is known from elsewhere. */
  readonly address?: string | undefined;
}

const timeoutMs = 30_000;

/** Free its addresses and delete its firewall rules. Idempotent. @throws {OutboardError} system when a rule cannot be deleted */
export async function cleanUpNetwork(network: NetworkCleanup): Promise<void> {
  const { containerId, bridge, address, namespace } = network;
  if (namespace !== undefined) await deleteInterface(namespace, network.interfaceName);
  const holders = await readHolders(join(network.addressesDirectory, bridge));
  const held = [...holders].filter(([, holder]) => holder === containerId).map(([file]) => file);
  await deleteRules(network, {
    addresses: address === undefined ? held : [...held, address],
    // An address that was freed may be another one's by now, and its rules too.
    isOurs: (candidate) => (holders.get(candidate) ?? containerId) === containerId,
  });
  for (const file of held) await rm(join(network.addressesDirectory, bridge, file), { force: true });
}

/** So that the bridge can go at once: with the namespace the interface would go too, in a while. */
async function deleteInterface(namespace: string, name: string): Promise<void> {
  let ip: string;
  try {
    ip = await findBinary('ip');
  } catch {
    // It is a convenience: the bridge stays until the next plugin leaves it.
    return;
  }
  const args = [`--net=${namespace}`, '--', ip, 'link', 'delete', name];
  // It may have gone already.
  await runProgram(await findBinary('nsenter'), args, { timeoutMs });
}

/** Who holds which address, by container ID. */
async function readHolders(directory: string): Promise<ReadonlyMap<string, string>> {
  const holders = new Map<string, string>();
  for (const file of (await listDirectory(directory)).filter((name) => isIPv4(name))) {
    // Lines end as in DOS; the second one is the interface.
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

/** Where the bridge plugin puts a container's rules for what leaves the host. */
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
  // A chain of its own; listed, it names itself.
  const hasChain = (await listRules('nat', chain)).length > 0;
  const forward = (await listRules('filter', 'CNI-FORWARD')).filter((rule) =>
    addresses.some((address) => / -[sd] (\S+)\/32 /.exec(rule)?.[1] === address),
  );
  await restore([
    ...['*nat', ...nat.map(asDeletion), ...(hasChain ? [`-F ${chain}`, `-X ${chain}`] : []), 'COMMIT'],
    ...['*filter', ...forward.map(asDeletion), 'COMMIT'],
  ]);
}

/** The chain and its rules, as commands that make them; none when there is no such chain. */
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
