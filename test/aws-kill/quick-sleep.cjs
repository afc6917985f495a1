// Preloaded into the built program: it waits as it always does, but not so long. Its polls are made for EC2’s minutes, and the
// cloud of these tests takes milliseconds. Nothing else of it changes: its clock is the machine’s.
const timers = require('node:timers/promises');

const pass = timers.setTimeout;
timers.setTimeout = (milliseconds, ...rest) => pass(Math.min(milliseconds, 25), ...rest);
