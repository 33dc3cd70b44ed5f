/**
 * Run a root filesystem on Linux: the public face of the package.
 */

export type { CgroupDriver } from './cgroup/cgroup-driver.ts';
export { cgroupDrivers, chooseCgroupDriver, createCgroupsPath } from './cgroup/cgroup-driver.ts';
export { findCgroupDirectories } from './cgroup/cgroup-tree.ts';
export type { ContainerProcess } from './cgroup/container-processes.ts';
export { readContainerProcesses } from './cgroup/container-processes.ts';
export type { ResourceStats } from './cgroup/resource-stats.ts';
export { readCgroupStats } from './cgroup/resource-stats.ts';
export type { CgroupMount, ResourceUsage } from './cgroup/resource-usage.ts';
export { findCgroupMounts, readCgroupUsage } from './cgroup/resource-usage.ts';
export { scopeAnnotations } from './cgroup/systemd-scope.ts';
export { readUnreclaimableMemory } from './cgroup/unreclaimable-memory.ts';
export { containerEndedError, listExecDirectories, removeExec } from './exec/exec-directory.ts';
export type { ExecRequest, ExecSession } from './exec/exec-session.ts';
export { isInterfaceName } from './linux/bridge-device.ts';
export { isClockSynchronised } from './linux/clock-synchronisation.ts';
export { setCloseOnExec, setCloseOnExecOfInherited } from './linux/close-on-exec.ts';
export { sendDatagram } from './linux/datagram.ts';
export { isErrno } from './linux/errno.ts';
export { exchangePaths } from './linux/exchange-paths.ts';
export { makeNode, setPathAttribute, terminatePath } from './linux/file-calls.ts';
export type { FileStatus, FileSystemSpace, ProbeOptions, ProbeResult } from './linux/file-system-probe.ts';
export { readRealPath, readSpace, readStatus } from './linux/file-system-probe.ts';
export { findBinary } from './linux/find-binary.ts';
export { checkResult, errorCode } from './linux/libc.ts';
export { lockDirectory, ownerFileName } from './linux/lock-directory.ts';
export { sharesMountNamespace } from './linux/mount-namespace.ts';
export type { MountEntry } from './linux/mount-table.ts';
export { makeSharedMount, mountsBelow, parseMountTable, readMountTable } from './linux/mount-table.ts';
export { openEntry, openTrustedDirectory } from './linux/open-entry.ts';
export { createProbeDeadline } from './linux/probe-deadline.ts';
export { identifyProcess } from './linux/process-identity.ts';
export type { TerminalSize } from './linux/pseudo-terminal.ts';
export { removeTree } from './linux/remove-tree.ts';
export { runProgram } from './linux/run-program.ts';
export { unmountAt, unmountBelow, unmountDead } from './linux/unmount.ts';
export type { LogLine } from './logs/line-joiner.ts';
export { LogCursor } from './logs/log-cursor.ts';
export type { LogFile, LogPosition } from './logs/log-files.ts';
export { comparePositions, endOfLog, keepNextFile, settleLogFiles } from './logs/log-files.ts';
export type { LogOutput } from './logs/log-keeper.ts';
export { LogKeeper } from './logs/log-keeper.ts';
export type { LogLimits } from './logs/log-limits.ts';
export { logLimits } from './logs/log-limits.ts';
export type { OutputStream } from './logs/log-record.ts';
export { parseTimestamp } from './logs/log-record.ts';
export type { LogQuery } from './logs/read-log.ts';
export { readLog } from './logs/read-log.ts';
export type { LogDestination } from './logs/start-log.ts';
export { startLog } from './logs/start-log.ts';
export { watchDirectory } from './logs/watch-directory.ts';
export type { Attachment, AttachmentStep } from './network/attachment-file.ts';
export {
  attachmentPath,
  networksDirectory,
  readAttachment,
  writeAttachment,
} from './network/attachment-file.ts';
export { bridgedInterface, bridgePlugins, bridgeSteps } from './network/bridge-steps.ts';
export { negotiateCniVersion } from './network/cni/call-cni-plugin.ts';
export type { CniAddress } from './network/cni/cni-result.ts';
export { addressOfResult } from './network/cni/cni-result.ts';
export { findCniPlugins } from './network/cni/find-cni-plugins.ts';
export { createCniNetworks } from './network/cni-networks.ts';
export { readContainerAddress } from './network/container-address.ts';
export type {
  AttachedNetwork,
  BridgeOptions,
  CniNetworksOptions,
  ContainerNetworks,
} from './network/container-networks.ts';
export { readHostRoutes, readOutgoingMtu, refuseOverlap } from './network/host-routes.ts';
export type { InterfaceTraffic } from './network/interface-traffic.ts';
export { readInterfaceTraffic } from './network/interface-traffic.ts';
export type { Ipv4Subnet } from './network/ipv4-subnet.ts';
export { parseSubnet } from './network/ipv4-subnet.ts';
export { cleanUpNetwork } from './network/network-cleanup.ts';
export { isNetworkNamespace, makeNetworkNamespace } from './network/network-namespace.ts';
export { checkSteps, doStep, lastResult, undoSteps } from './network/network-steps.ts';
export { formatHosts, formatResolvConf } from './network/resolv-conf.ts';
export { SharedBridge } from './network/shared-bridge.ts';
export { checkRootfs } from './rootfs/check-rootfs.ts';
export { programCandidates } from './rootfs/find-program.ts';
export { defaultLimits } from './rootfs/jail/jail-protocol.ts';
export { openUnpackJail } from './rootfs/jail/namespace-jail.ts';
export type { WalkEnd } from './rootfs/path-walk.ts';
export { readProgramArchitecture } from './rootfs/program-architecture.ts';
export { resolveHostPath } from './rootfs/resolve-host-path.ts';
export { resolveHostPaths } from './rootfs/resolve-host-paths.ts';
export { openStaging } from './rootfs/staging.ts';
export type { ContainerTree } from './rootfs/tree-handles.ts';
export type { AppliedLayer, OpenUnpackJail, UnpackJail, UnpackLimits } from './rootfs/unpack-jail.ts';
export { openInRoot, openRoot, walkInRoot } from './rootfs/walk-in-root.ts';
export type { Workspaces } from './rootfs/workspaces.ts';
export { createWorkspaces } from './rootfs/workspaces.ts';
export { readRunRecord } from './runtime/bundle.ts';
export type { ConmonRuntimeOptions } from './runtime/conmon-runtime.ts';
export { openConmonRuntime } from './runtime/conmon-runtime.ts';
export type { ContainerPaths } from './runtime/container-paths.ts';
export { containerPaths, findRun } from './runtime/container-paths.ts';
export type {
  Container,
  ContainerExit,
  ContainerRuntime,
  EndedContainer,
} from './runtime/container-runtime.ts';
export { updateContainer } from './runtime/oci-runtime.ts';
export type { AppArmor, AppArmorHost, AppArmorProfile } from './security/apparmor.ts';
export { createAppArmor, requireAppArmorProfile } from './security/apparmor.ts';
export { findSeccompProfile } from './security/seccomp/find-profile.ts';
export { resolveSeccompProfile } from './security/seccomp/resolve-profile.ts';
export { canonicalCapability } from './spec/capability-names.ts';
export { cleanAbsolutePath, isAtOrBelow, isBelow, withoutVarRun } from './spec/clean-path.ts';
export {
  defaultCapabilities,
  defaultDeviceRules,
  defaultMounts,
  defaultPath,
  maskedPaths,
  readonlyPaths,
} from './spec/container-defaults.ts';
export { isContainerId } from './spec/container-id.ts';
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
} from './spec/runtime-spec.ts';
