/** What is pushed comes out of `items`, in order, to one reader. */
export type Channel<T> = {
  readonly push: (item: T) => void;
  /** No more come; with an error, the reader gets it after what was pushed before. */
  readonly end: (error?: { readonly cause: unknown }) => void;
  readonly items: () => AsyncGenerator<T, void>;
};

export function createChannel<T>(): Channel<T> {
  const queue: T[] = [];
  let ended: { readonly error: { readonly cause: unknown } | undefined } | undefined;
  let wake: () => void = () => {};
  return {
    push: item => {
      queue.push(item);
      wake();
    },
    end: error => {
      ended ??= { error };
      wake();
    },
    items: async function* () {
      for (;;) {
        while (queue.length > 0) yield queue.shift() as T;
        if (ended?.error) throw ended.error.cause;
        if (ended) return;
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    },
  };
}
