/** Lets each key run so much at a time; the rest waits its turn. */
export interface FairShare {
  /** Runs `work` when it is the key's turn. Answers nothing when too many wait already. */
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result> | undefined;
}

/**
 * Of what all user pools share, one may not take everything: a pool that hashes passwords or searches all its users leaves
 * connections to the others.
 */
export function createFairShare(maxRunning: number, maxWaiting: number): FairShare {
  const shares = new Map<string, { running: number; readonly waiting: (() => void)[] }>();

  const leave = (key: string) => {
    const share = shares.get(key);
    if (share === undefined) return;
    const next = share.waiting.shift();
    // Whoever waited longest takes the place over, so the number of running stays what it is.
    if (next !== undefined) next();
    else if (--share.running === 0) shares.delete(key);
  };

  return {
    run(key, work) {
      let share = shares.get(key);
      if (share === undefined) shares.set(key, (share = { running: 0, waiting: [] }));
      if (share.running < maxRunning) {
        share.running += 1;
        return work().finally(() => leave(key));
      }
      if (share.waiting.length >= maxWaiting) return undefined;
      const { waiting } = share;
      return new Promise<void>((resolve) => waiting.push(resolve)).then(work).finally(() => leave(key));
    },
  };
}
