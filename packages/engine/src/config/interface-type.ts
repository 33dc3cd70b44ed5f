/**
 * Interface types and their text form, `prefix.capability/version`.
 */

/** A capability that a plugin serves, such as `docker.volumedriver/1.0`. */
export interface InterfaceType {
  readonly prefix: string;
  readonly capability: string;
  readonly version: string;
}

/**
 * Split a type as Docker does: the version starts at the first slash, the prefix ends at the last dot before it.
 * A text without dot or slash gives empty parts, as in Docker; `validatePluginConfig` reports that.
 */
export function parseInterfaceType(text: string): InterfaceType {
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(0, slash);
  const dot = name.lastIndexOf('.');
  return {
    prefix: dot < 0 ? '' : name.slice(0, dot),
    capability: name.slice(dot + 1),
    version: slash < 0 ? '' : text.slice(slash + 1),
  };
}

/** The text as its author wrote it, also when parts are missing. */
export function writtenInterfaceType({ prefix, capability, version }: InterfaceType): string {
  return `${prefix === '' ? '' : `${prefix}.`}${capability}${version === '' ? '' : `/${version}`}`;
}

/** The text form, such as `docker.volumedriver/1.0`. */
export function formatInterfaceType(type: InterfaceType): string {
  return `${type.prefix}.${type.capability}/${type.version}`;
}
