/**
 * Where values lie in the index of fields: beginnings of the tokens that migration 0018 makes of them. They may cover a
 * little more than is asked for, since whoever is found is compared; never less.
 */

/** So many beginnings at most are looked up along one bound. */
const maxBeginnings = 32;

/** Beginnings of the tokens of numbers from one to another, both included; null where there is no bound. */
export function beginningsOfNumbers(from: number | null, to: number | null): string[] {
  return beginningsBetween(
    from === null ? '' : sortable(from),
    to === null ? '' : sortable(to),
    '0123456789abcdef',
    16,
  ).map((beginning) => `#${beginning}`);
}

/** Beginnings of the tokens of points in time, given as ISO 8601 with milliseconds in UTC. */
export function beginningsOfTimes(from: string | null, to: string | null): string[] {
  const digits = (time: string | null) => time?.replace(/\D/g, '') ?? '';
  return beginningsBetween(digits(from), digits(to), '0123456789', 17).map((beginning) => `@${beginning}`);
}

/** The bits of a double, turned so that they are in the order of numbers. */
function sortable(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  // There is one zero only.
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  const sign = 1n << 63n;
  return (bits < sign ? bits | sign : ~bits & (2n * sign - 1n)).toString(16).padStart(16, '0');
}

/** Beginnings that cover the texts from `from` to `to` of so many digits each. An empty one is no bound. */
function beginningsBetween(from: string, to: string, digits: string, length: number): string[] {
  const [first, last] = [digits.charAt(0), digits.charAt(digits.length - 1)];
  const [low, high] = [from.padEnd(length, first), to.padEnd(length, last)];
  if (low > high) return [];
  let common = 0;
  while (common < length && low[common] === high[common]) common += 1;
  if (common === length) return [low];
  const children = (start: string, isMeant: (digit: string) => boolean) =>
    [...digits].filter(isMeant).map((digit) => start + digit);
  /** Digit by digit along a bound, as long as it stays short; then all that begins like the bound. */
  const along = (bound: string, isInside: (digit: string, at: string) => boolean) => {
    const found: string[] = [];
    for (let depth = common + 1; depth < length; depth += 1) {
      const beside = children(bound.slice(0, depth), (digit) => isInside(digit, bound.charAt(depth)));
      if (found.length + beside.length >= maxBeginnings) return [...found, bound.slice(0, depth)];
      found.push(...beside);
    }
    return [...found, bound];
  };
  return [
    ...children(low.slice(0, common), (digit) => digit > low.charAt(common) && digit < high.charAt(common)),
    ...along(low, (digit, at) => digit > at),
    ...along(high, (digit, at) => digit < at),
  ];
}
