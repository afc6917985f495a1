/** What RunInstances takes at most, before base64 (measured after gzip). */
export const userDataLimit = 16384;
