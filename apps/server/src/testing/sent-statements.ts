import pg from 'pg';
import { vi } from 'vitest';

/** What this process sends to PostgreSQL while `work` goes on, whoever sends it: look for what only `work` would say. */
export async function sentWhile(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const send = pg.Client.prototype.query;
  const spy = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    const [query] = given;
    sent.push(typeof query === 'string' ? query : ((query as { readonly text?: string }).text ?? ''));
    return Reflect.apply(send, this, given);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return sent;
}
