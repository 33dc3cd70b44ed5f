#!/usr/bin/env node
/**
 * `npm run setup`: makes a checkout ready to run. Does only what is missing, so that a second run takes a moment.
 * Plain JavaScript with no dependency: it runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebianPackages, missingLibraries, missingPrograms } from './debian-packages.mjs';
import { arePackagesInstalled } from './installed-packages.mjs';
import { isMain } from './is-main.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const leastNode = [20, 19];

/**
 * Set the checkout up and say what was done, one line per step.
 *
 * @param {{ needsDockerCli?: boolean, needsServiceManager?: boolean, needsPodman?: boolean, needsConsumers?: boolean,
 *   needsShells?: boolean }} options tests and the demo also want the docker command line and Podman; tests want systemd,
 *   other engines that use plugins, and shells
 * @returns {boolean} whether everything is there; what is missing was told
 */
export function setUp(options = {}) {
  const { needsDockerCli = false, needsServiceManager = false } = options;
  const { needsPodman = false, needsConsumers = false, needsShells = false } = options;
  const needed = { needsDockerCli, needsServiceManager, needsPodman, needsConsumers, needsShells };
  const checkNeeded = () => checkPrograms(needed);
  const steps = [checkPlatform, checkNeeded, installPackages, build];
  return steps.every((step) => step());
}

function checkPlatform() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  if (!isNew)
    return fail('Node.js', `${process.versions.node} is too old; install ${leastNode.join('.')} or newer`);
  if (process.platform !== 'linux') return fail('system', `${process.platform} has no containers; use Linux`);
  return done('Node.js', process.versions.node);
}

function checkPrograms(needed) {
  const missing = [...missingPrograms(needed), ...missingLibraries()];
  if (missing.length === 0) return done('programs', 'all there');
  const outcome = installDebianPackages(missing);
  return outcome.installed ? done('programs', outcome.message) : fail('programs', outcome.message);
}

function installPackages() {
  if (arePackagesInstalled(root)) return done('npm packages', 'up to date');
  const startedAt = performance.now();
  if (!run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']))
    return fail('npm packages', 'npm ci failed');
  return done('npm packages', `installed (${secondsSince(startedAt)})`);
}

/** The compiler skips unchanged files itself; bundling is faster than a check for changes. */
function build() {
  const startedAt = performance.now();
  const projects = [
    'packages/daemon',
    'packages/cli',
    'packages/sdk',
    'examples/authorization-rules',
    'examples/log-json-lines',
    'examples/metrics-textfile',
    'examples/network-bridge',
    'examples/secrets-directory',
    'examples/volume-local',
    'examples/volume-sshfs',
    'bench',
  ];
  const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
  if (!run(process.execPath, [compiler, '--build', ...projects])) return fail('build', 'tsc --build failed');
  if (!run(process.execPath, [join('scripts', 'bundle.mjs')])) return fail('build', 'bundling failed');
  return done('build', `up to date (${secondsSince(startedAt)})`);
}

function run(program, args) {
  return spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function secondsSince(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

function done(step, words) {
  console.log(`setup: ${step}: ${words}`);
  return true;
}

function fail(step, words) {
  console.error(`setup: ${step}: ${words}`);
  return false;
}

if (isMain(import.meta.url)) process.exitCode = setUp() ? 0 : 1;
