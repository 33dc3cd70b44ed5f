/**
 * The contract between an engine and a gateway: the part of a program that offers the plugins to other engines.
 */
import type { AdmitOptions } from './config/plugin-options.ts';
import type { PluginEngine } from './plugin-engine.ts';

/** A gateway, as the engine sees it. */
export interface EngineGateway {
  /**
   * Open it. Called once, before any plugin is started or taken over, so that its sockets are there meanwhile. Its error ends
   * the opening of the engine.
   */
  open(engine: PluginEngine): Promise<void>;
  /** True for a socket of the gateway, which is never a legacy plugin. @param path without links */
  isOwnSocket(path: string): boolean;
  readonly admitOptions: AdmitOptions;
}
