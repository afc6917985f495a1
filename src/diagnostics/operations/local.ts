export const localOperations = {
  LOCAL_FOLDER_FOREIGN: {
    title: 'The folder is not an embedded cloud’s',
    explain:
      'The embedded cloud keeps its state in a folder of its own, which it knows by cloud.json. The folder that was named holds something else, or a state that this version cannot read. Nothing was written.',
  },
  LOCAL_FOLDER_NOT_WRITTEN: {
    title: 'The embedded cloud’s folder cannot be written',
    explain:
      'The message names the folder and what the system said: a right that is missing, a full disk, a file in the way.',
  },
  LOCAL_FOLDER_IN_USE: {
    title: 'Another process serves this embedded cloud',
    explain:
      'One process at a time works on a state folder. With `firstboot local up` that is a server that all commands share; without it each command with --local serves the cloud itself for as long as it runs, and a second one has to wait. A process that was killed is no obstacle.',
  },
  LOCAL_NOT_STARTED: {
    title: 'The embedded cloud does not start',
    explain: 'The message has what it said last; server.log in the state folder has all of it.',
  },
  LOCAL_OTHER_SETTINGS: {
    title: 'The embedded cloud is not as it is asked for',
    explain:
      'An embedded cloud is in one region, and while it runs what its instances are does not change. The message says what it has and what was asked for.',
  },
  LOCAL_INSTANCES_NEED: {
    title: 'Instances of this kind need something more',
    explain:
      '`--instances qemu` makes each instance a local machine, which boots from --image. The other kinds need no image: record keeps the state of an instance and nothing else, rehearse runs the boot program in a scratch root.',
  },
} as const;
