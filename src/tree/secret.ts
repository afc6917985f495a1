import { inspect } from 'node:util';

/**
 * Bytes that must not reach a message, a log or a JSON document: whatever prints or serialises a Secret gets "[secret]".
 * `reveal` is the one way to the bytes, so that a search for it finds every place that handles them.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  reveal(): Uint8Array {
    return this.#bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
