import { heldStatement, type Scope, statement } from './database.ts';

const set = heldStatement<[]>('savepoint attempt');
const release = heldStatement<[]>('release savepoint attempt');
const goBack = statement<Record<never, never>, []>('rollback to savepoint attempt');

/** Does something that leaves nothing behind when it fails, though the transaction goes on. May be nested. */
export async function withinSavepoint<Result>(scope: Scope, work: () => Promise<Result>): Promise<Result> {
  set(scope);
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    // When the connection itself is gone there is nothing left to undo; the first error is the one that counts.
    await goBack(scope).catch(() => {});
    release(scope);
    throw error;
  }
  release(scope);
  return result;
}
