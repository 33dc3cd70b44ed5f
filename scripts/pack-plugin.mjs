#!/usr/bin/env node
/**
 * Packs a plugin with `outboard build` of this checkout: writes `config.json` and `rootfs/` as `plugin create` takes them.
 *
 *     node scripts/pack-plugin.mjs <plugin directory> <output directory>
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isMain } from './is-main.mjs';

const program = fileURLToPath(new URL('../bin/outboard', import.meta.url));

/**
 * Pack a plugin.
 *
 * @param {string} pluginDirectory a project as docs/authors.md describes it
 * @param {string} outputDirectory must hold no `rootfs`
 * @returns {Promise<void>}
 */
export async function packPlugin(pluginDirectory, outputDirectory) {
  const args = [program, 'build', '--output', outputDirectory, pluginDirectory];
  await promisify(execFile)(process.execPath, args).catch(({ stderr, message }) => {
    throw new Error(stderr?.trim() || message);
  });
}

if (isMain(import.meta.url)) {
  const [pluginDirectory, outputDirectory] = process.argv.slice(2);
  if (pluginDirectory === undefined || outputDirectory === undefined) {
    console.error('usage: node scripts/pack-plugin.mjs <plugin directory> <output directory>');
    process.exitCode = 2;
  } else {
    await packPlugin(pluginDirectory, outputDirectory);
  }
}
