/**
 * Types of the OCI runtime spec (the `config.json` of a bundle), as far as it is used.
 * @see OCI runtime-spec v1.0.2, config.md and config-linux.md
 */

/** A mount. @see OCI runtime-spec v1.0.2, config.md, "Mounts" */
export interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Capability sets, each with names that begin with `CAP_`. */
interface SpecCapabilities {
  readonly bounding: readonly string[];
  readonly effective: readonly string[];
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  readonly ambient: readonly string[];
}

/** A device node that the runtime makes in the container. */
export interface SpecDevice {
  readonly path: string;
  /** `c` character, `b` block. */
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly fileMode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A rule of the device cgroup; without type, major and minor it applies to every device. */
export interface SpecDeviceRule {
  readonly allow: boolean;
  readonly type?: 'c' | 'b';
  readonly major?: number;
  readonly minor?: number;
  readonly access: string;
}

/** A filter of system calls. @see OCI runtime-spec v1.0.2, config-linux.md, "Seccomp" */
export interface SpecSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly string[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly errnoRet?: number;
    readonly args?: readonly {
      readonly index: number;
      readonly value: number;
      readonly valueTwo: number;
      readonly op: string;
    }[];
  }[];
}

/** Limits of a cgroup, in both cgroup versions. @see OCI runtime-spec v1.0.2, config-linux.md, "Control groups" */
export interface SpecLimits {
  readonly memory?: {
    readonly limit: number;
    /** Memory and swap together. */
    readonly swap?: number;
  };
  readonly cpu?: {
    /** Microseconds of CPU time in each period. */
    readonly quota: number;
    readonly period: number;
  };
  readonly pids?: { readonly limit: number };
}

/** A limit of each process. @see OCI runtime-spec v1.0.2, config.md, "POSIX process" */
interface SpecRlimit {
  readonly type: 'RLIMIT_NOFILE';
  readonly soft: number;
  readonly hard: number;
}

/** Kinds of namespaces. */
export type SpecNamespace = 'mount' | 'network' | 'uts' | 'pid' | 'ipc' | 'cgroup';

/** A runtime spec. */
export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly hostname?: string;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly process: {
    readonly terminal: boolean;
    readonly user: { readonly uid: number; readonly gid: number };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: SpecCapabilities;
    readonly noNewPrivileges: boolean;
    readonly rlimits?: readonly SpecRlimit[];
    readonly apparmorProfile?: string;
  };
  readonly mounts: readonly SpecMount[];
  readonly linux: {
    /** With a path: join that namespace. */
    readonly namespaces: readonly { readonly type: SpecNamespace; readonly path?: string }[];
    readonly devices: readonly SpecDevice[];
    readonly resources: { readonly devices: readonly SpecDeviceRule[] } & SpecLimits;
    readonly cgroupsPath: string;
    readonly rootfsPropagation?: 'rshared';
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly seccomp?: SpecSeccomp;
  };
  readonly annotations?: Readonly<Record<string, string>>;
}
