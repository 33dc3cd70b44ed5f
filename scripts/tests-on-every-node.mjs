/**
 * The tests that `npm test` runs with every version of Node.js: those that depend on its threads, descriptors, process
 * name, signals or streams. All others run with one version.
 */

/** Files and directories, relative to the repository. */
export const testsOnEveryNode = [
  // Calls to libc through a native addon; processes, terminals, sockets by descriptor.
  'packages/container/src/linux/',
  // The jail, whose threads are those of Node.js.
  'packages/container/src/rootfs/',
  'tests/unpack/archive.test.ts',
  'tests/unpack/hostile-archives.test.ts',
  'tests/unpack/jail-process.test.ts',
  'tests/unpack/limits.test.ts',
  'tests/unpack/metadata.test.ts',
  'tests/unpack/whiteouts.test.ts',
  // Compression and streams under backpressure.
  'packages/oci/src/layers/',
  'packages/oci/src/registry/http/blobs/',
  'packages/oci/src/registry/http/connections/stalled-registry.test.ts',
  // Containers: monitor, exit, signals, commands inside, terminals.
  'packages/container/src/runtime/conmon-runtime.test.ts',
  'tests/exec/',
  'tests/isolation/probes-inside.test.ts',
  // Programs from start to end, with their leftovers.
  'tests/integration/daemon-process.test.ts',
  'tests/integration/inherited-descriptors.test.ts',
  'tests/integration/temporary-files.test.ts',
  'packages/cli/src/run-command-line.test.ts',
  'tests/conformance/outboard-cli.test.ts',
  'tests/demo/all-steps.test.ts',
  // HTTP on sockets that break, on both sides.
  'packages/daemon/src/http/hostile-requests.test.ts',
  // Sockets as descriptors, and connections that pass from one process to the next.
  'packages/container/src/linux/listening-socket.test.ts',
  'packages/container/src/linux/send-descriptors.test.ts',
  'packages/gateway/src/sockets/',
  'packages/gateway/src/open-gateway.test.ts',
  // Sockets, pipes and streams of plugins.
  'tests/sdk/hostile-requests.test.ts',
  'tests/sdk/log-plugin.test.ts',
  'tests/sdk/volume-plugin.test.ts',
  // Programs of the documentation, as they are printed.
  'tests/documents/package-examples.test.ts',
];
