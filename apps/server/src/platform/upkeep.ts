import type { Log } from './log.ts';

/** Work that is done now and then, in every process; it must not matter when several do it at once. */
export interface UpkeepTask {
  readonly name: string;
  readonly everySeconds: number;
  readonly run: () => Promise<void>;
}

/** Starts the tasks; one that fails is logged and tried again at its next turn. */
export function startUpkeep(tasks: readonly UpkeepTask[], log: Log): { stop(): Promise<void> } {
  const running = new Set<Promise<void>>();
  const timers = tasks.map(({ name, everySeconds, run }) => {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      const turn = run()
        .catch((error: unknown) => log.error({ task: name, err: error }, 'upkeep failed'))
        .finally(() => {
          busy = false;
          running.delete(turn);
        });
      running.add(turn);
    }, everySeconds * 1000);
    return timer.unref();
  });
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}

/** As many as a turn takes a few seconds for: a server that stops waits for it. */
const mostBatches = 100;

/** Repeats a short transaction while it answers that there may be more; what is left then waits for the next turn. */
export async function repeatWhileFull(batch: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < mostBatches && (await batch()); count++);
}
