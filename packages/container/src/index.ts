/**
 * Run a root filesystem on Linux: the public face of the package, by subject.
 */

// Containers: start, recovery, and what can be done to those that run.
export { type CgroupDriver, cgroupDrivers } from './cgroup/cgroup-driver.ts';
export { readCgroupMembers } from './cgroup/cgroup-members.ts';
export { cgroups } from './cgroup/cgroups.ts';
export type { ContainerProcess } from './cgroup/container-processes.ts';
export type { ResourceStats } from './cgroup/resource-stats.ts';
export type { ResourceUsage } from './cgroup/resource-usage.ts';
export type { DebugRequest, ExecRequest, ExecSession } from './exec/exec-session.ts';
// The host: mounts, programs, locks, file systems that may not answer.
export { isClockSynchronised } from './linux/clock-synchronisation.ts';
export { setCloseOnExec, setCloseOnExecOfInherited } from './linux/close-on-exec.ts';
export { copyTree } from './linux/copy-tree.ts';
export { sendDatagram } from './linux/datagram.ts';
export { describeProcess } from './linux/describe-process.ts';
export { errorCode, isErrno } from './linux/errno.ts';
export { exchangePaths } from './linux/exchange-paths.ts';
export type { FileStatus, ProbeResult } from './linux/file-status.ts';
export type { FileSystemProbe, FileSystemSpace } from './linux/file-system-probe.ts';
export { createFileSystemProbe } from './linux/file-system-probe.ts';
export { findBinary } from './linux/find-binary.ts';
export type { HostFiles } from './linux/host-files.ts';
export { createHostFiles } from './linux/host-files.ts';
export { hostMounts } from './linux/host-mounts.ts';
export { openListeningSocket, pathOfSocket, stopReceiving } from './linux/listening-socket.ts';
export type { LocalPaths } from './linux/local-paths.ts';
export { createLocalPaths } from './linux/local-paths.ts';
export { lockDirectory, ownerFileName } from './linux/lock-directory.ts';
export { makeFifo } from './linux/make-fifo.ts';
export type { GuardedMounts } from './linux/mount-guards.ts';
export type { MountEntry } from './linux/mount-table.ts';
export { findMountUsers, type MountUser } from './linux/mount-users.ts';
export { mountViews } from './linux/mount-view.ts';
export { openBelow, openEntry, openTrustedDirectory } from './linux/open-entry.ts';
export { readPeerCredentials } from './linux/peer-credentials.ts';
export { isSameProcess, readBootId } from './linux/process-identity.ts';
export { readHostFile, requireHostFile } from './linux/read-host-file.ts';
export { removeTree } from './linux/remove-tree.ts';
export { runProgram } from './linux/run-program.ts';
export { sendDescriptors } from './linux/send-descriptors.ts';
export { shareLock } from './linux/shared-lock.ts';
export { prioritizeMainThread } from './linux/thread-priority.ts';
export { readTreeSize } from './linux/tree-size.ts';
export { loadZstd } from './linux/zstd.ts';
// Log files.
export type { LogLine } from './logs/line-joiner.ts';
export { LogKeeper } from './logs/log-keeper.ts';
export { logLimits } from './logs/log-limits.ts';
export type { OutputStream } from './logs/log-record.ts';
export { parseTimestamp } from './logs/log-record.ts';
export { LogWriter } from './logs/log-writer.ts';
export type { LogQuery } from './logs/read-log.ts';
export { readLog } from './logs/read-log.ts';
export type { LogDestination } from './logs/start-log.ts';
// Networks.
export { createCniNetworks } from './network/cni-networks.ts';
export type { BridgeOptions } from './network/container-networks.ts';
export type { InterfaceTraffic } from './network/interface-traffic.ts';
// Unpacking layers into a root filesystem.
export { openWorkspaces } from './open-workspaces.ts';
export { openRunningContainers } from './recorded-containers.ts';
// Looking into a root filesystem that its container may write to.
export { checkRootfs } from './rootfs/check-rootfs.ts';
export type { TreeDifference } from './rootfs/compare-trees.ts';
export { compareTrees } from './rootfs/compare-trees.ts';
export { compressLayer } from './rootfs/compress-layer.ts';
export { architectureOf } from './rootfs/elf-architecture.ts';
export { programCandidates } from './rootfs/find-program.ts';
export { openUnpackJail } from './rootfs/jail/namespace-jail.ts';
export { findMissingLibraries } from './rootfs/missing-libraries.ts';
export type { WalkEnd } from './rootfs/path-walk.ts';
export { readProgramArchitecture } from './rootfs/program-architecture.ts';
export { parseProgramHeader, programHeaderBytes } from './rootfs/program-header.ts';
export { readFileInRoot } from './rootfs/read-in-root.ts';
export { resolveHostPath } from './rootfs/resolve-host-path.ts';
export { resolveHostPaths } from './rootfs/resolve-host-paths.ts';
export type { ContainerTree } from './rootfs/tree-handles.ts';
export type { AppliedLayer, OpenUnpackJail, UnpackJail, UnpackLimits } from './rootfs/unpack-jail.ts';
export { openInRoot, openRoot, walkInRoot } from './rootfs/walk-in-root.ts';
export type { Workspaces } from './rootfs/workspaces.ts';
export type { RunningContainers } from './running-containers.ts';
export type { ConmonRuntimeOptions } from './runtime/conmon-runtime.ts';
export { openConmonRuntime } from './runtime/conmon-runtime.ts';
export { containerPaths } from './runtime/container-paths.ts';
export type {
  Container,
  ContainerExit,
  ContainerRuntime,
  EndedContainer,
} from './runtime/container-runtime.ts';
// Security profiles.
export type { AppArmor, AppArmorHost, AppArmorProfile } from './security/apparmor.ts';
export { createAppArmor, requireAppArmorProfile } from './security/apparmor.ts';
export { createSeccompFilter } from './security/seccomp/seccomp-filter.ts';
// The runtime spec: types, Docker's defaults, paths as text.
export { canonicalCapability } from './spec/capability-names.ts';
export { cleanAbsolutePath, isAtOrBelow, isBelow, withoutVarRun } from './spec/clean-path.ts';
export { containerDefaults } from './spec/container-defaults.ts';
export { isContainerId } from './spec/container-id.ts';
export type {
  RuntimeSpec,
  SpecDevice,
  SpecLimits,
  SpecMount,
  SpecNamespace,
  SpecSeccomp,
} from './spec/runtime-spec.ts';
