#!/usr/bin/env node
// Starts program.cjs with V8's compiled code of an earlier run, kept beside it by version of Node and processor: Node 20 has
// no compile cache of its own. V8 itself refuses code of another source, version or flags; then it is compiled anew. What
// the program requires beside itself is loaded in the same way.
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');

const loaded = new Map();
const requireAny = name => (name.startsWith('./') ? load(name) : require(name));
load('./program.cjs');

function load(name) {
  if (!loaded.has(name)) loaded.set(name, run(path.join(__dirname, name)));
  return loaded.get(name);
}

/** A bundle is one function, and ASCII: every encoding gives the same text and this one is the fastest. */
function run(file) {
  const which = file.endsWith('program.cjs') ? '' : `-${path.basename(file, '.cjs')}`;
  const cache = path.join(__dirname, 'cache', `${process.version}-${process.arch}${which}`);
  const script = new vm.Script(fs.readFileSync(file, 'latin1'), { filename: file, cachedData: read(cache) });
  if (script.cachedDataRejected !== false)
    process.on('exit', code => code === 0 && keep(cache, script.createCachedData()));
  return script.runInThisContext()(requireAny, pathToFileURL(__filename).href);
}

function read(name) {
  try {
    return fs.readFileSync(name);
  } catch {
    return undefined;
  }
}

/** Where the folder is read-only, starting stays a little slower. */
function keep(cache, data) {
  try {
    fs.mkdirSync(path.dirname(cache), { recursive: true });
    fs.writeFileSync(`${cache}.${process.pid}`, data);
    fs.renameSync(`${cache}.${process.pid}`, cache);
  } catch {}
}
