/**
 * The public face of the package, by subject.
 */

// Build plugins.
export { parsePlatform } from '@outboard/oci';
export { archivePlugin } from './build/archive-plugin.ts';
export type { BuildRequest, BuiltPlugin } from './build/build-plugin.ts';
export { buildPlugin } from './build/build-plugin.ts';
export { isHostPlatform, platformDirectory } from './build/project/placeholders.ts';
export type { Project, ProjectDescription } from './build/project/project.ts';
export { readProject } from './build/project/project.ts';
export { openPush, parsePushReference } from './build/publish/push-plugin.ts';
export type { Registries, RegistriesOptions } from './build/registries.ts';
export { openRegistries } from './build/registries.ts';
export { unpackPlugin } from './build/unpack-plugin.ts';
export { writePlugin } from './build/write-plugin.ts';
// Lists of plugins.
export type { LoadListDeps } from './catalog/load-plugin-list.ts';
export { loadPluginList } from './catalog/load-plugin-list.ts';
export type { ListedPlugin, PluginList, PluginSearch } from './catalog/plugin-catalog.ts';
export { searchPlugins } from './catalog/plugin-catalog.ts';
// Check plugins.
export type { CheckRequest } from './check/check-plugin.ts';
export { checkPlugin } from './check/check-plugin.ts';
export type { CheckDescription } from './check/check-table.ts';
export { allChecks } from './check/check-table.ts';
export type { AskPrivileges, PackDirectory, PluginSource } from './check/plugin-source.ts';
export { makePluginDirectory, readInstalledPlugin } from './check/plugin-source.ts';
export type { CheckLevel, CheckReport, CheckResult } from './check/report/check-report.ts';
export { hasFailed } from './check/report/check-report.ts';
export { reportDocument } from './check/report/json-report.ts';
export { junitReport } from './check/report/junit-report.ts';
export { textReport } from './check/report/text-report.ts';
export { type CheckSelection, selectChecks } from './check/select-checks.ts';
// Develop.
export { developProject } from './develop/develop-project.ts';
// Examine registries.
export type { RegistryFinding } from './registry/examine-registry.ts';
export { examineRegistry } from './registry/examine-registry.ts';
// Begin projects.
export type { InitRequest, NewProject } from './scaffold/init-project.ts';
export { initProject } from './scaffold/init-project.ts';
export type { PluginKind } from './scaffold/kinds.ts';
export { pluginKinds } from './scaffold/kinds.ts';
export type { PluginLanguage } from './scaffold/languages.ts';
export { languageFacts, pluginLanguages } from './scaffold/languages.ts';
export { parsePluginName } from './scaffold/plugin-name.ts';
