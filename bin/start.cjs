/**
 * Starts the program that the first argument names: `outboard daemon` runs the daemon, everything else is the command
 * line, a client of it. Lies beside the bundles of both.
 *
 * An installation comes with a code cache for each, such as `cli.cache`: the code that V8 compiled from the bundle. It is
 * used if it belongs to these very bytes of the bundle, to this Node.js and to whom the bundle belongs; otherwise the bundle
 * is compiled, as without one.
 */
'use strict';

const fs = require('node:fs');
const vm = require('node:vm');
const { crc32 } = require('node:zlib');

/** Two numbers of 32 bits, little-endian: the mark and the checksum. */
const headerBytes = 8;
const mark = 0x3143424f;

/** Scripts by name, for the program that makes the caches. */
const scripts = new Map();
module.exports = { scripts, sealCodeCache };

/** The arguments of the daemon, which has a help and completions of its own; undefined for all other commands. */
function wordsForDaemon(words) {
  const [first, second, third, ...rest] = words;
  if (first === 'daemon') return words.slice(1);
  if (first === 'help' && second === 'daemon') return ['--help'];
  // `daemon` as the last word is still being typed.
  const completes = first === '__complete' && second === '--' && third === 'daemon' && rest.length > 0;
  return completes ? [first, ...rest] : undefined;
}

/** Load a bundle, with its code cache if there is one. */
function load(name) {
  const file = `${__dirname}/${name}.cjs`;
  const cache = read(`${__dirname}/${name}.cache`);
  if (cache === undefined) return require(file);
  const source = read(file);
  const isSafe = cache.owner === source.owner && (cache.mode & 0o022) === 0;
  const cachedData = isSafe ? openCodeCache(cache.bytes, source.bytes) : undefined;
  // The cache holds the name of the script, which must not depend on where it was made. All bundles are ASCII; this is the function that Node.js puts around a file.
  const text = `(function (exports, require, module, __filename, __dirname) { ${source.bytes.latin1Slice()}\n})`;
  const script = new vm.Script(text, { filename: `${name}.cjs`, cachedData });
  scripts.set(name, script);
  const loaded = { exports: {} };
  const requireBundle = (id) => {
    if (id === './authoring.cjs') return load('authoring');
    // Commander asks for it, and few commands use it.
    return id === 'node:child_process' ? loadWhenUsed(id) : require(id);
  };
  script.runInThisContext().call(loaded.exports, loaded.exports, requireBundle, loaded, file, __dirname);
  return loaded.exports;
}

/** A module of Node.js that is loaded when something of it is asked for. */
function loadWhenUsed(id) {
  return new Proxy(
    {},
    {
      get: (_, key) => require(id)[key],
      has: (_, key) => key in require(id),
      ownKeys: () => Reflect.ownKeys(require(id)),
      getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(require(id), key),
    },
  );
}

/** A file with its owner and mode; undefined if it cannot be read. */
function read(file) {
  let descriptor;
  try {
    descriptor = fs.openSync(file);
    const { uid: owner, mode } = fs.fstatSync(descriptor);
    return { bytes: fs.readFileSync(descriptor), owner, mode };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** The compiled code, if nothing of it, of the source and of Node.js has changed. V8 checks its own version and flags. */
function openCodeCache(bytes, source) {
  if (crc32 === undefined || bytes.length < headerBytes || bytes.readUInt32LE(0) !== mark) return undefined;
  const data = bytes.subarray(headerBytes);
  return bytes.readUInt32LE(4) === checksum(data, source) ? data : undefined;
}

/** The content of a cache file. */
function sealCodeCache(data, source) {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(mark, 0);
  header.writeUInt32LE(checksum(data, source), 4);
  return Buffer.concat([header, data]);
}

function checksum(data, source) {
  return crc32(data, crc32(source, crc32(`${process.version} ${process.arch}`)));
}

async function run(words) {
  const daemonWords = wordsForDaemon(words);
  if (daemonWords !== undefined) return load('daemon').runDaemon(daemonWords);
  return load('cli').runCommandLine(words, process);
}

void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
