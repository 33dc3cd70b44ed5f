/**
 * Runs a program of an installation once, with the installation's Node.js, and writes the code that V8 compiled meanwhile
 * as its code cache: `node FLAGS warm-up.cjs LIBRARY NAME SOCKET`. With fixed seeds the same program
 * gives the same bytes. The command line lists the plugins of a daemon without any,
 * which listens at the socket; the daemon tells its flags.
 */
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');

const [library, name, socket] = process.argv.slice(2);
const cache = `${library}/${name}.cache`;
const words = name === 'daemon' ? ['daemon', '--help'] : ['--host', `unix://${socket}`, 'ls'];

// An empty one is not used, and makes the bundle be loaded as one with a cache is.
fs.writeFileSync(cache, '');
process.argv = [process.execPath, `${library}/start.cjs`, ...words];
process.stdout.write = () => true;

const server = http.createServer((request, response) => {
  response.setHeader('Api-Version', '1.51').setHeader('Content-Type', 'application/json');
  response.end(request.url.endsWith('_ping') ? 'OK' : '[]', () => server.close());
});
server.listen(socket, () => {
  const { scripts, sealCodeCache } = require(`${library}/start.cjs`);
  if (name === 'daemon') server.close();
  process.once('exit', () => {
    const source = fs.readFileSync(`${library}/${name}.cjs`);
    fs.writeFileSync(cache, sealCodeCache(withFlagsOfRuns(scripts.get(name).createCachedData()), source));
  });
});

/**
 * V8 refuses code that was compiled under other flags. Those that make it stable change nothing in it: put the hash of
 * the flags of a usual run in place, which the code of a small script tells.
 */
function withFlagsOfRuns(data) {
  const flagsOffset = 12;
  const print =
    "process.stdout.write(new (require('node:vm').Script)('0').createCachedData().toString('hex'))";
  const usual = Buffer.from(execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' }), 'hex');
  usual.copy(data, flagsOffset, flagsOffset, flagsOffset + 4);
  return data;
}
