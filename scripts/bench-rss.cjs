// Preloaded by the bench: says the peak memory of the whole process (threads included) when it ends.
const { isMainThread } = require('node:worker_threads');
if (isMainThread) process.on('exit', () => process.stderr.write(`peak ${process.resourceUsage().maxRSS} KiB\n`));
