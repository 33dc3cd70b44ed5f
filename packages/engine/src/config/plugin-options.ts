/**
 * The types of a plugin's options, beside its settings: limits, restarts, health, log, security. The operator decides
 * about each; the plugin's author may decide about the rest; what both leave out has the default of the engine.
 */
import type { ValueOf } from '@outboard/oci';
import type { optionsCodec } from './option-table.ts';

/** Decisions of the operator or of the author. A limit of 0 and a health check of kind `none` take back the author's. */
export type PluginOverrides = ValueOf<typeof optionsCodec>;

type Group<Name extends keyof PluginOverrides> = NonNullable<PluginOverrides[Name]>;

/** Bounds on the use of the host. Absent: none. */
export type PluginLimits = Group<'limits'>;

/** Rule for starting a plugin again after it ended. */
export type RestartPolicy = Group<'restart'>;

/** Bounds of the stored output. */
export type LogOptions = Group<'log'>;

/** Isolation of a plugin. */
export type SecurityOptions = Group<'security'>;

/** Periodic check that a plugin still answers. */
export interface HealthCheck
  extends Pick<Group<'health'>, 'path' | 'intervalSeconds' | 'timeoutSeconds' | 'retries' | 'restarts'> {
  readonly kind: Exclude<Group<'health'>['kind'], 'none'>;
}

/** Options in force. */
export interface PluginOptions
  extends Pick<
    PluginOverrides,
    'limits' | 'restart' | 'stopTimeoutSeconds' | 'log' | 'security' | 'createMounts' | 'init' | 'gateway'
  > {
  readonly health?: HealthCheck;
}

/** The options of a plugin, and who decided about them. */
export interface DecidedOptions {
  readonly inForce: PluginOptions;
  /** By the operator. */
  readonly overrides: PluginOverrides;
  /** By the plugin's author, in its config. */
  readonly author: PluginOverrides;
}

/** Judges changed options of a plugin before they are stored. @throws {OutboardError} to refuse them */
export type AdmitOptions = (
  plugin: { readonly id: string; readonly name: string },
  options: PluginOptions,
) => void;
