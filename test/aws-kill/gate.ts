import { setTimeout as pass } from 'node:timers/promises';
import { type Ask, type Handler, type Reply, readBody } from '../../src/local/http.ts';

/** Where a run is killed: at the n-th call of this name (1 is the first). */
export type Target = {
  readonly call: string;
  readonly nth: number;
  /** `sent`: before it is carried out; `unanswered`: it was; `answered`: its answer has left, and nothing later is carried out. */
  readonly moment: Moment;
};
export const moments = ['sent', 'unanswered', 'answered'] as const;
export type Moment = (typeof moments)[number];

/** What travelled: for the search for secrets. */
export type Exchange = { readonly call: string; readonly ask: Ask; readonly body: Buffer; readonly answer: Buffer };

/** Between a command and everything that it calls. */
export type Gate = {
  readonly guard: (nameOf: (ask: Ask, body: Buffer) => string, inner: Handler) => Handler;
  /** Begins a run: counts from zero, and kills at the target. */
  readonly open: (kill: () => void, target: Target | undefined) => void;
  /** Names of the calls of the run that were carried out or would have been, in order. */
  readonly calls: () => readonly string[];
  readonly isHit: () => boolean;
  /** What travelled since it was asked last. */
  readonly takeExchanges: () => readonly Exchange[];
};

/** The answer is on its way, on loopback; whether it is read still is up to the one who asked. */
const answerTime = 2;
const bodyLimit = 64 << 20;

export function createGate(): Gate {
  let kill = () => {};
  let target: Target | undefined;
  let calls: string[] = [];
  let exchanges: Exchange[] = [];
  let isHit = false;
  const hit = () => {
    isHit = true;
    kill();
  };
  const meets = (call: string, nth: number, moment: Moment) =>
    target?.call === call && target.nth === nth && target.moment === moment;

  const take = async (ask: Ask, body: Buffer, call: string, inner: Handler): Promise<Reply | undefined> => {
    if (isHit) return undefined;
    calls.push(call);
    const nth = calls.filter(one => one === call).length;
    if (meets(call, nth, 'sent')) return void hit();
    const reply = await inner({ ...ask, body: once(body) });
    const answer = reply && (await bytesOf(reply));
    exchanges.push({ call, ask, body, answer: answer ?? Buffer.alloc(0) });
    if (meets(call, nth, 'unanswered')) return void hit();
    if (meets(call, nth, 'answered')) {
      isHit = true;
      void pass(answerTime).then(hit);
    }
    return reply && { ...reply, headers: { ...reply.headers, connection: 'keep-alive' }, body: answer ?? '' };
  };

  return {
    guard: (nameOf, inner) => async ask => {
      const body = (await readBody(ask, bodyLimit)) ?? Buffer.alloc(0);
      return take(ask, body, nameOf(ask, body), inner);
    },
    open(killing, at) {
      kill = killing;
      target = at;
      calls = [];
      isHit = false;
    },
    calls: () => calls,
    isHit: () => isHit,
    takeExchanges() {
      const taken = exchanges;
      exchanges = [];
      return taken;
    },
  };
}

async function* once(body: Buffer): AsyncGenerator<Uint8Array> {
  if (body.length > 0) yield body;
}

async function bytesOf({ body = '' }: Reply): Promise<Buffer> {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
