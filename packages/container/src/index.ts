/**
 * Run a root filesystem on Linux: the public face of the package.
 */

export { hasEnded, listExecDirectories, removeExec } from './exec/exec-place.ts';
export type { ExecRequest, ExecSession } from './exec/exec-session.ts';
export type { FileStatus, FileSystemSpace, Look, LookOptions } from './linux/ask-file-system.ts';
export { readRealPath, readSpace, readStatus } from './linux/ask-file-system.ts';
export { isInterfaceName } from './linux/bridge-device.ts';
export { isClockSynchronised } from './linux/clock.ts';
export { sendDatagram } from './linux/datagram.ts';
export { exchangePaths } from './linux/exchange-paths.ts';
export { makeNode, setPathAttribute, terminatePath } from './linux/file-calls.ts';
export { findBinary } from './linux/find-binary.ts';
export { keepFromPrograms, keepInheritedFromPrograms } from './linux/inherited-descriptor.ts';
export { checkResult, errorCode } from './linux/libc.ts';
export { lockDirectory, ownerFileName } from './linux/lock-directory.ts';
export { sharesMountNamespace } from './linux/mount-namespace.ts';
export type { MountEntry } from './linux/mount-table.ts';
export { makeSharedMount, mountsBelow, parseMountTable, readMountTable } from './linux/mount-table.ts';
export { lookInside, openTrustedDirectory } from './linux/open-inside.ts';
export { createPatience } from './linux/patience.ts';
export type { TerminalSize } from './linux/pseudo-terminal.ts';
export { removeTree } from './linux/remove-tree.ts';
export { runProgram } from './linux/run-program.ts';
export { unmountBelow, unmountDead, unmountPlaces } from './linux/unmount-below.ts';
export type { LogLine } from './logs/line-joiner.ts';
export { LogCursor } from './logs/log-cursor.ts';
export type { LogFile, LogPosition } from './logs/log-files.ts';
export { comparePositions, endOfLog, keepNextFile, settleLogFiles } from './logs/log-files.ts';
export type { LogLimits } from './logs/log-limits.ts';
export { logLimits } from './logs/log-limits.ts';
export type { OutputStream } from './logs/log-record.ts';
export { parseTimestamp } from './logs/log-record.ts';
export type { LogQuery } from './logs/read-log.ts';
export { readLog } from './logs/read-log.ts';
export type { LogPlace } from './logs/start-log.ts';
export { startLog } from './logs/start-log.ts';
export { watchDirectory } from './logs/watch-directory.ts';
export type { Attachment, AttachmentStep } from './network/attachment-file.ts';
export {
  attachmentPath,
  networksDirectory,
  readAttachment,
  writeAttachment,
} from './network/attachment-file.ts';
export { bridgedInterface, bridgePlugins, bridgeSteps } from './network/bridge-network.ts';
export { negotiateCniVersion } from './network/cni/call-cni-plugin.ts';
export type { CniAddress } from './network/cni/cni-result.ts';
export { addressOfResult } from './network/cni/cni-result.ts';
export { findCniPlugins } from './network/cni/find-cni-plugins.ts';
export { readHostRoutes, readOutgoingMtu, refuseOverlap } from './network/host-routes.ts';
export type { InterfaceTraffic } from './network/interface-traffic.ts';
export { readInterfaceTraffic } from './network/interface-traffic.ts';
export type { Ipv4Subnet } from './network/ipv4-subnet.ts';
export { parseSubnet } from './network/ipv4-subnet.ts';
export { isNetworkNamespace, makeNetworkNamespace } from './network/network-namespace.ts';
export { checkSteps, doStep, lastResult, undoSteps } from './network/network-steps.ts';
export { readPluginAddress } from './network/plugin-address.ts';
export type {
  AttachedNetwork,
  BridgeOptions,
  PluginNetworks,
  PluginNetworksOptions,
} from './network/plugin-networks.ts';
export { pluginHosts, pluginResolvConf } from './network/resolv-conf.ts';
export { SharedBridge } from './network/shared-bridge.ts';
export { takeBackNetwork } from './network/take-back.ts';
export { checkRootfs } from './rootfs/check-rootfs.ts';
export { programPlaces } from './rootfs/find-program.ts';
export { defaultLimits } from './rootfs/jail/jail-protocol.ts';
export { openUnpackJail } from './rootfs/jail/open-unpack-jail.ts';
export type { WalkEnd } from './rootfs/path-walk.ts';
export { readProgramArchitecture } from './rootfs/program-architecture.ts';
export { resolveHostPath } from './rootfs/resolve-host-path.ts';
export { resolveHostPaths } from './rootfs/resolve-host-paths.ts';
export { openStaging } from './rootfs/staging.ts';
export type { PluginTree } from './rootfs/tree-handles.ts';
export type { AppliedLayer, OpenUnpackJail, UnpackJail, UnpackLimits } from './rootfs/unpack-jail.ts';
export { openInRoot, openRoot, walkInRoot } from './rootfs/walk-in-root.ts';
export type { Workspaces } from './rootfs/workspaces.ts';
export { createWorkspaces } from './rootfs/workspaces.ts';
export type { AppArmor, AppArmorHost, AppArmorProfile } from './runtime/apparmor/host-profiles.ts';
export { createAppArmor, requireAppArmorProfile } from './runtime/apparmor/host-profiles.ts';
export {
  defaultCapabilities,
  defaultDeviceRules,
  defaultMounts,
  defaultPath,
  maskedPaths,
  readonlyPaths,
} from './runtime/baseline.ts';
export { readRunRecord } from './runtime/bundle.ts';
export { canonicalCapability } from './runtime/capability-names.ts';
export { findCgroupFolders } from './runtime/cgroup.ts';
export type { CgroupDriver } from './runtime/cgroup-driver.ts';
export { cgroupDrivers, chooseCgroupDriver, createCgroupsPath } from './runtime/cgroup-driver.ts';
export { readNeededMemory } from './runtime/cgroup-memory.ts';
export type { ResourceStats } from './runtime/cgroup-stats.ts';
export { readCgroupStats } from './runtime/cgroup-stats.ts';
export type { CgroupMount, ResourceUsage } from './runtime/cgroup-usage.ts';
export { findCgroupMounts, readCgroupUsage } from './runtime/cgroup-usage.ts';
export type { Container, ContainerExit, ContainerRuntime, EndedContainer } from './runtime/container.ts';
export { isContainerId } from './runtime/container-id.ts';
export { cleanAbsolutePath, isAtOrBelow, isBelow, withoutVarRun } from './runtime/container-path.ts';
export type { ContainerPlaces } from './runtime/container-places.ts';
export { containerPlaces, findRun } from './runtime/container-places.ts';
export type { ContainerProcess } from './runtime/container-processes.ts';
export { readContainerProcesses } from './runtime/container-processes.ts';
export type { ContainerRuntimeOptions } from './runtime/container-runtime.ts';
export { openContainerRuntime } from './runtime/container-runtime.ts';
export { isErrno } from './runtime/errno.ts';
export { updateContainer } from './runtime/oci-runtime.ts';
export { identifyProcess } from './runtime/process-identity.ts';
export type {
  RuntimeSpec,
  SpecCapabilities,
  SpecDevice,
  SpecDeviceRule,
  SpecLimits,
  SpecMount,
  SpecNamespace,
  SpecRlimit,
  SpecSeccomp,
} from './runtime/runtime-spec.ts';
export { findSeccompProfile } from './runtime/seccomp/find-profile.ts';
export { resolveSeccompProfile } from './runtime/seccomp/resolve-profile.ts';
export { scopeAnnotations } from './runtime/systemd-scope.ts';
