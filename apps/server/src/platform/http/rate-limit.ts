/** A limit of requests per second, one bucket a key. */
export interface RateLimit {
  /** Takes one request. Answers 0 when allowed, else the whole seconds after which to try again. */
  take(key: string, perSecond: number): number;
}

/**
 * Token buckets that hold one second's worth. Kept in this process: a fleet of N processes allows up to N times the
 * limit, which protects each process as intended and costs no shared write per request.
 */
export function createRateLimit(now: () => number, maxKeys = 100_000): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key, perSecond) {
      const at = now();
      const bucket = buckets.get(key);
      if (bucket === undefined) {
        // A full bucket is the same as none, so forgetting the oldest costs at most one second's worth of requests.
        if (buckets.size >= maxKeys) for (const [oldest] of buckets) if (buckets.delete(oldest)) break;
        buckets.set(key, { tokens: perSecond - 1, at });
        return 0;
      }
      // A clock that was set back must not empty the bucket.
      bucket.tokens = Math.min(perSecond, bucket.tokens + (Math.max(0, at - bucket.at) * perSecond) / 1000);
      bucket.at = at;
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
      bucket.tokens -= 1;
      return 0;
    },
  };
}
