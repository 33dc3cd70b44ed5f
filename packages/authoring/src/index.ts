/**
 * The public face of the package, by subject.
 */

export { archivePlugin } from './build/archive-plugin.ts';
// Build plugins.
export type { BuildRequest, BuiltPlugin } from './build/build-plugin.ts';
export { buildPlugin } from './build/build-plugin.ts';
export { isHostPlatform, parsePlatform, platformDirectory } from './build/project/placeholders.ts';
export type { Project, ProjectDescription } from './build/project/project.ts';
export { readProject } from './build/project/project.ts';
export { openPush, parsePushReference } from './build/publish/push-plugin.ts';
export type { Registries, RegistriesOptions } from './build/registries.ts';
export { openRegistries } from './build/registries.ts';
export type { LostProperties } from './build/tree/write-tree.ts';
export { writePlugin } from './build/write-plugin.ts';
