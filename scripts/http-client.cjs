/**
 * Stands for the package `undici` in bundled programs: the parts that they use. The package itself also loads an implementation of
 * `fetch`, and Node.js's own one with it, which holds the event loop for tens of milliseconds at the first call to a plugin.
 */
const Dispatcher = require('../node_modules/undici/lib/dispatcher/dispatcher.js');

// As undici's index.js does: `request` and `upgrade` are methods of every client.
Object.assign(Dispatcher.prototype, require('../node_modules/undici/lib/api/index.js'));

module.exports = {
  Agent: require('../node_modules/undici/lib/dispatcher/agent.js'),
  Client: require('../node_modules/undici/lib/dispatcher/client.js'),
  Pool: require('../node_modules/undici/lib/dispatcher/pool.js'),
  buildConnector: require('../node_modules/undici/lib/core/connect.js'),
};
