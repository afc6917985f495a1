#!/usr/bin/env node
// Starts program.cjs with V8's compiled code of an earlier run, kept beside it by version of Node and processor: Node 20 has
// no compile cache of its own. V8 itself refuses code of another source, version or flags; then the program is compiled anew.
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');

const file = path.join(__dirname, 'program.cjs');
const cache = path.join(__dirname, 'cache', `${process.version}-${process.arch}`);
// The bundle is one function, and ASCII: every encoding gives the same text and this one is the fastest.
const script = new vm.Script(fs.readFileSync(file, 'latin1'), { filename: file, cachedData: read(cache) });
script.runInThisContext()(require, pathToFileURL(__filename).href);
if (script.cachedDataRejected !== false) process.on('exit', code => code === 0 && keep(script.createCachedData()));

function read(name) {
  try {
    return fs.readFileSync(name);
  } catch {
    return undefined;
  }
}

/** Where the folder is read-only, starting stays a little slower. */
function keep(data) {
  try {
    fs.mkdirSync(path.dirname(cache), { recursive: true });
    fs.writeFileSync(`${cache}.${process.pid}`, data);
    fs.renameSync(`${cache}.${process.pid}`, cache);
  } catch {}
}
