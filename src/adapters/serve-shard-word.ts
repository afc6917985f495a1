/** The argument that makes a thread of the program serve a shard; in a file of its own, so that nothing else is loaded to look for it. */
export const serveShardWord = '--serve-shard';
