/** What an operation can fail with: the input is right, the world is not. Codes are permanent, as those of diagnostics. */
export const operations = {
  OUTPUT_NOT_WRITTEN: {
    title: 'The build cannot be written',
    explain:
      'A build is written beside its final place and swapped in when all of it is there, so the last build is untouched. The message names the folder and what the system said: a right that is missing, a full disk, a file in the way.',
  },
  OUTPUT_TAKEN: {
    title: 'The build would replace something that is not a build',
    explain:
      'A build replaces OUT/<cluster> as a whole. That folder holds the cluster itself, or files but no manifest.json, so it was not written by a build. Nothing was written.',
  },
  FILE_NOT_WRITTEN: {
    title: 'A file cannot be written',
    explain:
      'Files are written beside their final place and renamed, so what was there is untouched. The message names the file and what the system said.',
  },
  FILE_EXISTS: {
    title: 'A file is there already',
    explain: '`firstboot init` writes into a folder that has none of its files; it never overwrites one.',
  },
  PIN_NOT_FILLED: {
    title: 'A binary cannot be had to be pinned',
    explain:
      'None of the URLs of a pin answered with the file, or the mirror folder lacks it. A mirror is laid out DIR/<binary>/<version>/<arch>/<last part of the URL>. pins.yaml is written only when all its entries could be filled.',
  },
  PKI_ISSUE_REFUSED: {
    title: 'Issuing would do harm',
    explain:
      '`firstboot pki issue` issues what is missing and nothing else. It refuses where that would break what is there: certificates without the CA that signed them, a CA without its key or with another, a CA that has expired, a certificate whose key is lost. Nothing was written.',
  },
} as const;

export type OperationCode = keyof typeof operations;
