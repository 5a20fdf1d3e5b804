import { randomBytes } from 'node:crypto';

const random = { bytes: Buffer.alloc(0), offset: 0 };
let lastMillisecond = 0;
let sequence = 0;

/**
 * A new id: 24 lower-case hex digits, ordered by time. 11 digits of Unix milliseconds, 3 of a counter that keeps ids of
 * one process and millisecond in order, 10 random ones that keep processes apart.
 */
export function newId(now: number = Date.now()): string {
  if (now > lastMillisecond) {
    lastMillisecond = now;
    sequence = 0;
  } else if (++sequence > 0xfff) {
    // The counter is full or the clock stepped back: borrow the next millisecond, so that order holds.
    lastMillisecond += 1;
    sequence = 0;
  }
  return lastMillisecond.toString(16).padStart(11, '0') + sequence.toString(16).padStart(3, '0') + randomHex(5);
}

/** A new secret: 32 hex digits of randomness. */
export function newSecret(): string {
  return randomHex(16);
}

function randomHex(bytes: number): string {
  if (random.offset + bytes > random.bytes.length) {
    random.bytes = randomBytes(4096);
    random.offset = 0;
  }
  const hex = random.bytes.toString('hex', random.offset, random.offset + bytes);
  random.offset += bytes;
  return hex;
}
