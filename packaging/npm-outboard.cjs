#!/usr/bin/env node
// The program `outboard` of the npm package, which runs with the Node.js that finds it.
'use strict';
const nodeModule = require('node:module');
const { join } = require('node:path');

// Node.js >= 22.1 keeps compiled code: beside the program, where only those may write who may change the program itself.
nodeModule.enableCompileCache?.(join(__dirname, '..', '.cache'));
require('../lib/outboard/start.cjs');
