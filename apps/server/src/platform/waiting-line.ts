import { requestErrors } from './errors.ts';

/** Longer than anybody waits for an answer; work that nobody reads is work taken from others. */
const maxWaitMs = 30_000;

interface Waiter {
  readonly call: () => void;
  readonly dismiss: () => void;
}

/** Those who wait for a place, in the order they came. */
export class WaitingLine {
  readonly #waiting = new Set<Waiter>();
  readonly #deadline: () => AbortSignal;

  /** `deadline` begins with each wait, and is a parameter so that tests need not wait. */
  constructor(deadline: () => AbortSignal = () => AbortSignal.timeout(maxWaitMs)) {
    this.#deadline = deadline;
  }

  get length(): number {
    return this.#waiting.size;
  }

  /** Waits until called. Refuses with 503 when `signal` says that nobody wants it any more, or when it takes too long. */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const ends = [this.#deadline(), ...(signal === undefined ? [] : [signal])];
      const leave = () => {
        this.#waiting.delete(waiter);
        // Signals of jobs live long: what listens to them must not pile up.
        for (const end of ends) end.removeEventListener('abort', waiter.dismiss);
      };
      const waiter: Waiter = {
        call: () => {
          leave();
          resolve();
        },
        dismiss: () => {
          leave();
          reject(requestErrors.unavailable());
        },
      };
      this.#waiting.add(waiter);
      for (const end of ends) end.addEventListener('abort', waiter.dismiss);
      if (ends.some(({ aborted }) => aborted)) waiter.dismiss();
    });
  }

  /** Calls whoever waited longest, and says whether there was anybody. */
  callNext(): boolean {
    const [next] = this.#waiting;
    next?.call();
    return next !== undefined;
  }

  /** Sends away whoever came last. */
  dismissLast(): void {
    [...this.#waiting].at(-1)?.dismiss();
  }
}
