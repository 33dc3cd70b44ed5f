/**
 * The public face of the package, by subject.
 */

// Build plugins.
export type { BuildRequest, BuiltPlugin } from './build/build-plugin.ts';
export { buildPlugin } from './build/build-plugin.ts';
export { isHostPlatform, parsePlatform, platformDirectory } from './build/project/placeholders.ts';
export type { Project, ProjectDescription } from './build/project/project.ts';
export { readProject } from './build/project/project.ts';
export type { LostProperties } from './build/tree/write-tree.ts';
export { writePlugin } from './build/write-plugin.ts';
