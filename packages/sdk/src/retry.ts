import type { Outcome } from './transport.ts';

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5000;

/** Whether the same request may fare better in a moment. */
export function isWorthRepeating(outcome: Outcome): boolean {
  return outcome.kind === 'failure' || [429, 502, 503, 504].includes(outcome.httpStatus);
}

/**
 * Milliseconds to wait before the request is sent again, `repetition` counting from 0. What the server asks for
 * (`Retry-After`, RFC 9110 §10.2.3) is the least; else any time up to a bound that doubles ("full jitter"), so that
 * clients which were refused together do not come back together.
 */
export function delayBefore(
  repetition: number,
  outcome: Outcome,
  { random, now }: { random(): number; now(): number },
): number {
  const jitter = random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** repetition);
  const asked = outcome.kind === 'answer' ? parseRetryAfter(outcome.retryAfter, now()) : undefined;
  return asked === undefined ? jitter : asked + jitter;
}

/** Seconds, or a date. */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Waits, and rejects with the signal's reason when that is aborted first. */
export function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}
