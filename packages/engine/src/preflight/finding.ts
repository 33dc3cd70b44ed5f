/**
 * Problems that a preflight finds, in a form that an operator can act on.
 */

/** One problem. */
export interface Finding {
  /** Subject, such as `mount "state"` or `conmon`. */
  readonly what: string;
  /** The problem as a sentence that stands alone, in Docker's words where Docker has an error for it. */
  readonly why: string;
  /** Steps that solve it. */
  readonly remedy: string;
  /** Its cause: the settings of the plugin, the content that its author made, or the host. */
  readonly concerns: 'plugin' | 'content' | 'host';
  /** True when the plugin cannot start; otherwise it starts, and something may not work. */
  readonly isFatal: boolean;
}

/** A problem of the settings, which the operator solves. The plugin cannot start. */
export function ofPlugin(what: string, why: string, remedy: string): Finding {
  return { what, why, remedy, concerns: 'plugin', isFatal: true };
}

/** A problem that only the plugin's author can solve. The plugin cannot start. */
export function ofContent(what: string, why: string): Finding {
  return { what, why, remedy: 'its author must mend it', concerns: 'content', isFatal: true };
}

/** A problem of the host. The plugin cannot start. */
export function ofHost(what: string, why: string, remedy: string): Finding {
  return { what, why, remedy, concerns: 'host', isFatal: true };
}

/** A file system that a plugin needs and that the kernel has not loaded. */
export function fileSystemMissing(what: string, fileSystem: string): Finding {
  const why = `${what} needs the file system "${fileSystem}", which the kernel does not have now`;
  return { what, why, remedy: `load its module: modprobe ${fileSystem}`, concerns: 'host', isFatal: true };
}
