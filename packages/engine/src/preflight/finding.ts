/**
 * What a host does not provide, told so that someone can act on it.
 */

/** One thing that is missing or wrong. */
export interface Finding {
  /** What it is about, such as `mount "state"` or `conmon`. */
  readonly what: string;
  /** What is wrong, as a sentence that stands alone; Docker's where it has one. */
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
  /** What the plugin was told to use, what its author put into it, or what every plugin needs of the host. */
  readonly concerns: 'plugin' | 'content' | 'host';
  /** Whether the plugin cannot start like this; otherwise it starts, and something may not work. */
  readonly isFatal: boolean;
}

/** What its operator must mend: the plugin cannot start like this. */
export function ofPlugin(what: string, why: string, remedy: string): Finding {
  return { what, why, remedy, concerns: 'plugin', isFatal: true };
}

/** What only the plugin's author can mend. */
export function ofContent(what: string, why: string): Finding {
  return { what, why, remedy: 'its author must mend it', concerns: 'content', isFatal: true };
}

/** What no plugin can start without. */
export function ofHost(what: string, why: string, remedy: string): Finding {
  return { what, why, remedy, concerns: 'host', isFatal: true };
}

/** A file system of the kernel that a plugin needs. */
export function fileSystemMissing(what: string, fileSystem: string): Finding {
  const why = `${what} needs the file system "${fileSystem}", which the kernel does not have now`;
  return { what, why, remedy: `load its module: modprobe ${fileSystem}`, concerns: 'host', isFatal: true };
}
