/**
 * Networks of containers by CNI plugins. Everything of one container is in one directory below the exec root:
 * namespace, files, and a record of what must be undone.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Cancellable, createKeyedQueue } from '@outboard/async';
import { makeDirectories, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { isInterfaceName } from '../linux/bridge-device.ts';
import { errorCode } from '../linux/errno.ts';
import { removeTree } from '../linux/remove-tree.ts';
import { isContainerId } from '../spec/container-id.ts';
import { type Attachment, attachmentFile, attachmentPath, networksDirectory } from './attachment-file.ts';
import { bridgedInterface, bridgePlugins, bridgeSteps } from './bridge-steps.ts';
import { negotiateCniVersion } from './cni/call-cni-plugin.ts';
import { addressOfResult, type CniAddress } from './cni/cni-result.ts';
import { findCniPlugins } from './cni/find-cni-plugins.ts';
import type { AttachedNetwork, CniNetworksOptions, ContainerNetworks } from './container-networks.ts';
import { readHostRoutes, readOutgoingMtu, refuseOverlap } from './host-routes.ts';
import { type Ipv4Subnet, parseSubnet } from './ipv4-subnet.ts';
import { cleanUpNetwork } from './network-cleanup.ts';
import { isNetworkNamespace, makeNetworkNamespace } from './network-namespace.ts';
import { checkSteps, doStep, lastResult, undoSteps } from './network-steps.ts';
import { formatHosts, formatResolvConf } from './resolv-conf.ts';
import { SharedBridge } from './shared-bridge.ts';

/**
 * Open the networks below an exec root.
 * @throws {OutboardError} invalid for invalid options
 */
export function createCniNetworks(options: CniNetworksOptions): ContainerNetworks {
  return new BridgedNetworks(options);
}

interface NetworkPaths {
  readonly directory: string;
  /** Mount point of the network namespace. */
  readonly namespace: string;
  readonly attachment: string;
  readonly hosts: string;
  readonly resolvConf: string;
}

class BridgedNetworks implements ContainerNetworks {
  readonly #logger: Logger;
  readonly #name: string;
  readonly #subnet: Ipv4Subnet;
  readonly #nameServers: readonly string[];
  readonly #bridge: SharedBridge;
  readonly #queue = createKeyedQueue();
  readonly #execRoot: string;
  readonly #directory: string;
  readonly #addressesDirectory: string;

  constructor({ execRoot, bridge = {}, logger }: CniNetworksOptions) {
    this.#logger = logger;
    this.#name = checkBridgeName(bridge.name ?? 'outboard0');
    this.#subnet = parseSubnet(bridge.subnet ?? '10.87.0.0/24', 'bridge subnet');
    this.#nameServers = (bridge.nameServers ?? []).map(checkNameServer);
    this.#bridge = new SharedBridge(this.#name);
    this.#execRoot = execRoot;
    this.#directory = networksDirectory(execRoot);
    this.#addressesDirectory = join(execRoot, 'networks', 'addresses');
  }

  attach(id: string, options: Cancellable = {}): Promise<AttachedNetwork> {
    return this.#queue.run(id, () => this.#attach(id, options), options.signal);
  }

  release(id: string): Promise<void> {
    return this.#queue.run(id, () => this.#release(id));
  }

  check(id: string): Promise<void> {
    return this.#queue.run(id, () => this.#check(id));
  }

  async present(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#directory)).filter(isContainerId);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #attach(id: string, options: Cancellable): Promise<AttachedNetwork> {
    const paths = this.#paths(id);
    await this.#release(id);
    try {
      await makeDirectories(this.#directory, { mode: 0o700 });
      await mkdir(paths.directory, { mode: 0o700 });
      const { address } = await this.#bridge.join(() => this.#setUp(id, paths, options));
      const hostname = id.slice(0, 12);
      await writeFile(paths.hosts, formatHosts(address, hostname), { mode: 0o644 });
      await writeFile(paths.resolvConf, await this.#resolvConf(id), { mode: 0o644 });
      this.#logger.debug({ id, address }, 'a container has an address');
      return {
        namespacePath: paths.namespace,
        hostsPath: paths.hosts,
        resolvConfPath: paths.resolvConf,
        hostname,
        address,
      };
    } catch (error) {
      await this.#releaseFailed(id);
      throw error;
    }
  }

  async #release(id: string): Promise<void> {
    const paths = this.#paths(id);
    let attachment: Attachment | undefined;
    const isPresent = existsSync(paths.directory);
    try {
      attachment = await attachmentFile.read(paths.attachment);
      if (attachment !== undefined) await this.#undo(id, paths, attachment);
      // Nothing was set up yet, or the record was deleted.
      else if (isPresent) await this.#cleanUp(id, paths, undefined);
    } catch (error) {
      this.#logger.warn({ err: error, id }, 'CNI plugins did not remove all of the network of a container');
      await this.#cleanUp(id, paths, attachment);
    }
    // Removing the namespace removes the interfaces in it.
    await removeTree(paths.directory);
    if (!isPresent) return;
    // An earlier daemon may have used another bridge, which may be unused now.
    const { bridge = this.#name } = attachment ?? {};
    await (bridge === this.#name ? this.#bridge : new SharedBridge(bridge)).removeIfIdle();
  }

  /**
   * Undo by the CNI plugins. @throws the first failure: part of it may be gone already, changed by others, or its
   * program missing
   */
  async #undo(id: string, paths: NetworkPaths, attachment: Attachment): Promise<void> {
    const directory = await findCniPlugins(bridgePlugins);
    const namespace = (await isNetworkNamespace(paths.namespace)) ? paths.namespace : '';
    const [failure] = await undoSteps({ containerId: id, namespace, attachment, directory });
    if (failure !== undefined) throw failure;
  }

  /** Clean up without the CNI plugins. @param attachment undefined when its record is damaged */
  async #cleanUp(id: string, paths: NetworkPaths, attachment: Attachment | undefined): Promise<void> {
    const address = attachment && findAddress(attachment);
    await cleanUpNetwork({
      containerId: id,
      namespace: (await isNetworkNamespace(paths.namespace)) ? paths.namespace : undefined,
      interfaceName: bridgedInterface,
      bridge: attachment?.bridge ?? this.#name,
      addressesDirectory: this.#addressesDirectory,
      address,
    });
  }

  async #check(id: string): Promise<void> {
    const paths = this.#paths(id);
    const attachment = await attachmentFile.read(paths.attachment);
    if (attachment === undefined) throw new OutboardError('system', 'there is no record of the network');
    const directory = await findCniPlugins(bridgePlugins);
    await checkSteps({ containerId: id, namespace: paths.namespace, attachment, directory });
  }

  async #setUp(id: string, paths: NetworkPaths, options: Cancellable): Promise<CniAddress> {
    const directory = await findCniPlugins(bridgePlugins);
    const routes = await readHostRoutes();
    refuseOverlap(this.#name, this.#subnet, routes);
    const cniVersion = await negotiateCniVersion('bridge', directory);
    const steps = bridgeSteps({
      cniVersion,
      bridge: this.#name,
      subnet: this.#subnet,
      addressesDirectory: this.#addressesDirectory,
      mtu: await readOutgoingMtu(routes),
    });
    let attachment: Attachment = { version: 1, bridge: this.#name, steps };
    await attachmentFile.write(paths.attachment, attachment);
    await makeNetworkNamespace(paths.namespace);
    for (const [index, step] of steps.entries()) {
      options.signal?.throwIfAborted();
      const context = { containerId: id, namespace: paths.namespace, attachment, directory };
      const result = await doStep(step, context);
      attachment = { ...attachment, steps: attachment.steps.with(index, { ...step, result }) };
      await attachmentFile.write(paths.attachment, attachment);
    }
    return addressOfAttachment(attachment);
  }

  /** systemd-resolved lists its upstream servers in a file of its own; the usual file names only itself. */
  async #resolvConf(id: string): Promise<string> {
    for (const path of ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf']) {
      const { text, nameServers } = formatResolvConf(await readIfPresent(path), this.#nameServers);
      if (nameServers.length > 0) return text;
    }
    this.#logger.warn(
      { id },
      'a container can resolve no names: the host has no name server that it could reach',
    );
    return formatResolvConf(await readIfPresent('/etc/resolv.conf'), []).text;
  }

  /** A failure of the clean-up is logged only: the caller gets the error of the attempt. */
  async #releaseFailed(id: string): Promise<void> {
    try {
      await this.#release(id);
    } catch (error) {
      this.#logger.error({ err: error, id }, 'cannot remove the network of a container');
    }
  }

  #paths(id: string): NetworkPaths {
    const directory = join(this.#directory, id);
    return {
      directory,
      namespace: join(directory, 'netns'),
      attachment: attachmentPath(this.#execRoot, id),
      hosts: join(directory, 'hosts'),
      resolvConf: join(directory, 'resolv.conf'),
    };
  }
}

function addressOfAttachment(attachment: Attachment): CniAddress {
  return addressOfResult(lastResult(attachment, bridgedInterface));
}

/** Address of an attachment; undefined before it has one. */
function findAddress(attachment: Attachment): string | undefined {
  return lastResult(attachment, bridgedInterface) === undefined
    ? undefined
    : addressOfAttachment(attachment).address;
}

function checkBridgeName(name: string): string {
  if (isInterfaceName(name)) return name;
  throw new OutboardError(
    'invalid',
    `bridge name ${JSON.stringify(name)}: want 1 to 15 letters, digits, "_", "." and "-", a letter or digit first`,
  );
}

function checkNameServer(address: string): string {
  if (isIP(address) !== 0) return address;
  throw new OutboardError('invalid', `name server ${JSON.stringify(address)}: want an IP address`);
}

async function readIfPresent(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}
