/**
 * The suites that run in the virtual machine.
 */

/**
 * `tests`: test files by the beginning of their path; `program`: a command of the repository; `scenario`: steps over
 * reboots or power cuts, see `scenarios.mjs`. `isOfService`: the service's
 * configuration file chooses the OCI runtime.
 *
 * @type {readonly { name: string, tests?: readonly string[], program?: readonly string[], scenario?: string,
 *   isOfService?: boolean, ofEachRuntime: boolean }[]}
 */
export const suites = [
  { name: 'exec', tests: ['tests/exec/'], ofEachRuntime: true },
  { name: 'limits', tests: ['tests/limits/'], ofEachRuntime: true },
  { name: 'network', tests: ['tests/network/'], ofEachRuntime: true },
  { name: 'isolation', tests: ['tests/isolation/'], ofEachRuntime: true },
  { name: 'supervision', tests: ['tests/supervision/'], ofEachRuntime: true },
  { name: 'service', tests: ['tests/systemd/'], isOfService: true, ofEachRuntime: true },
  { name: 'demo', program: ['scripts/demo.mjs'], ofEachRuntime: false },
  { name: 'reboot', scenario: 'reboot', ofEachRuntime: true },
  { name: 'power-cuts', scenario: 'power-cuts', ofEachRuntime: true },
];
