import { requestErrors } from './errors.ts';
import { WaitingLine } from './waiting-line.ts';

/** How long the line may be, and how many go in at once. */
export interface FairLineBounds {
  readonly maxRunning: number;
  /** Of all sharers together, and of each. */
  readonly maxWaiting: number;
  readonly maxWaitingOfSharer: number;
  /** When whoever begins to wait now has waited too long. */
  readonly deadline?: () => AbortSignal;
}

/** For whom something is done, where all user pools share. */
export interface Turn {
  /** Whose share it takes: a user pool, or a client address where there is none. */
  readonly sharer: string;
  /** Aborted when nobody wants the result any more. */
  readonly signal?: AbortSignal;
}

/** One line of all sharers before something that only does so much at once. */
export interface FairLine {
  /** Runs `work` when it is the sharer's turn. Throws 503 when that would be too late, or nobody waits for it any more. */
  run<Result>(turn: Turn, work: () => Promise<Result>): Promise<Result>;
}

/**
 * Makes a line in which sharers take turns, one piece of work each, however much any of them brings: who brings little waits
 * for as many pieces as there are sharers, not for everything that came before.
 */
export function createFairLine({ maxRunning, maxWaiting, maxWaitingOfSharer, deadline }: FairLineBounds): FairLine {
  /** Who is next is first. */
  const lines = new Map<string, WaitingLine>();
  let running = 0;
  let waiting = 0;

  const enter = async ({ sharer, signal }: Turn): Promise<void> => {
    if (signal?.aborted) throw requestErrors.unavailable();
    if (running < maxRunning) {
      running += 1;
      return;
    }
    const line = lines.get(sharer) ?? new WaitingLine(deadline);
    if (line.length >= maxWaitingOfSharer) throw requestErrors.unavailable();
    if (waiting >= maxWaiting) makeRoom(line.length);
    lines.set(sharer, line);
    waiting += 1;
    try {
      await line.wait(signal);
    } finally {
      waiting -= 1;
      if (line.length === 0 && lines.get(sharer) === line) lines.delete(sharer);
    }
  };

  /** A full line is no reason to refuse who brings little: whoever has most in it gives a place. */
  const makeRoom = (own: number) => {
    const [longest] = [...lines.values()].sort((a, b) => b.length - a.length);
    if (longest === undefined || longest.length <= own + 1) throw requestErrors.unavailable();
    longest.dismissLast();
  };

  const leave = () => {
    for (const [sharer, line] of lines) {
      lines.delete(sharer);
      // The place goes straight to the next, so that nobody slips in between.
      if (!line.callNext()) continue;
      if (line.length > 0) lines.set(sharer, line);
      return;
    }
    running -= 1;
  };

  return {
    async run(turn, work) {
      await enter(turn);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
