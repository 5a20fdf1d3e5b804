import { WaitingLine } from '../waiting-line.ts';

/** Lets each key run so much at a time; the rest waits its turn. */
export interface FairShare {
  /**
   * Runs `work` when it is the key's turn. Answers nothing when too many wait already; throws 503 when it took too long, or
   * `signal` says that nobody wants it any more.
   */
  run<Result>(key: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> | undefined;
}

/**
 * Of what all user pools share, one may not take everything: a pool that hashes passwords or searches all its users leaves
 * connections to the others.
 */
export function createFairShare(maxRunning: number, maxWaiting: number): FairShare {
  const shares = new Map<string, { running: number; readonly waiting: WaitingLine }>();

  const leave = (key: string) => {
    const share = shares.get(key);
    if (share === undefined) return;
    // Whoever waited longest takes the place over, so the number of running stays what it is.
    if (!share.waiting.callNext() && --share.running === 0) shares.delete(key);
  };

  return {
    run(key, work, signal) {
      let share = shares.get(key);
      if (share === undefined) shares.set(key, (share = { running: 0, waiting: new WaitingLine() }));
      if (share.running < maxRunning) {
        share.running += 1;
        return work().finally(() => leave(key));
      }
      if (share.waiting.length >= maxWaiting) return undefined;
      return share.waiting.wait(signal).then(() => work().finally(() => leave(key)));
    },
  };
}
