// Loaded before the program (NODE_OPTIONS=--import=…): folders are read in the reverse order, as another file system might.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const reverse = entries => (Array.isArray(entries) ? entries.reverse() : entries);

const { readdirSync, readdir } = fs;
const { readdir: readdirPromise } = fs.promises;
fs.readdirSync = (...args) => reverse(readdirSync(...args));
fs.readdir = (...args) => {
  const done = args.pop();
  readdir(...args, (error, entries) => done(error, reverse(entries)));
};
fs.promises.readdir = async (...args) => reverse(await readdirPromise(...args));
syncBuiltinESMExports();
