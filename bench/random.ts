/** Numbers that look random and are the same in every run. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number, at least 0 and below `end`. */
  below(end: number): number;
}

/** mulberry32: small, fast, and good enough to spread people over departments. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return { next, below: (end) => Math.floor(next() * end) };
}
