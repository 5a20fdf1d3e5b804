import pg from 'pg';
import { vi } from 'vitest';

/** What this process sends to PostgreSQL in transactions of that user pool while `work` goes on. */
export async function sentFor(userPoolId: string, work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  /** Other user pools have work of their own meanwhile, that nobody asked for. */
  const inside = new WeakSet<pg.Client>();
  const send = pg.Client.prototype.query;
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [query] = given;
    const text = typeof query === 'string' ? query : ((query as { readonly text?: string }).text ?? '');
    if (text.startsWith('begin')) {
      if (text.includes(`'${userPoolId}'`)) inside.add(this);
      else inside.delete(this);
    }
    if (inside.has(this)) sent.push(text);
    return Reflect.apply(send, this, given);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return sent;
}
