/** Of `plan` and `status`, and of what every command of the AWS side reads before it decides. */
export const planOperations = {
  PLAN_TWO_INSTANCES: {
    title: 'Two instances of one worker are alive',
    explain:
      'Both have the worker’s name and, unless one was changed by hand, its certificate: two kubelets fight over one Node. firstboot never makes two; somebody launched one, from an image or a template or with another tool. Which one is right only you can say; the message names both.',
  },
  PLAN_ADDRESS_RING: {
    title: 'Workers trade addresses in a ring',
    explain:
      'A private address is free only when its instance is terminated. Where each of some workers wants the address of the next, all of them would have to be down at once, so it is not done unasked. Give one of them an address of its own first, or take it out of the spec, apply, and then the rest.',
  },
  PLAN_FOLDER_CHANGED: {
    title: 'The cluster’s folder changed while a command ran',
    explain:
      'A worker is compiled when its turn comes. What came out is not what was planned: the spec, a certificate or an overlay was changed meanwhile. The worker was not touched.',
  },
  PLAN_MOVED: {
    title: 'The world is no longer what the plan was made for',
    explain:
      '`apply FILE` does what the plan says and nothing else. Since it was made an instance came or went, a worker’s record changed, an image was released, or the spec or PKI folder is another. Make a new plan and look at it.',
  },
  PLAN_FILE_INVALID: {
    title: 'A file is no plan',
    explain:
      '`apply FILE` takes what `plan --out FILE` of this version wrote, for the same cluster. The message says what is wrong with the file.',
  },
} as const;
