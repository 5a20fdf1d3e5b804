import pg from 'pg';
import { vi } from 'vitest';
import { Batch } from '../platform/database/batch.ts';

/** What this process sends to PostgreSQL in transactions of that user pool while `work` goes on, in batches. */
export async function sentFor(userPoolId: string, work: () => Promise<unknown>): Promise<string[][]> {
  const sent: string[][] = [];
  /** Other user pools have work of their own meanwhile, that nobody asked for. */
  const inside = new WeakSet<pg.Client>();
  const send = pg.Client.prototype.query;
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [batch] = given;
    if (batch instanceof Batch) {
      const entered = batch.statements.find(({ text }) => text.includes(`set_config('role'`));
      if (entered?.values.includes(userPoolId)) inside.add(this);
      else if (entered !== undefined) inside.delete(this);
      if (inside.has(this)) sent.push(batch.statements.map(({ text }) => text));
    }
    return Reflect.apply(send, this, given);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return sent;
}
