import type pg from 'pg';
import { Batch, type Outcome, type Sent } from './batch.ts';

/** How the statements of one transaction reach PostgreSQL. */
export interface Link {
  /** Sends statements in one go, behind those held back, and answers what became of the last. */
  send<Row>(...statements: readonly Sent[]): Promise<Outcome<Row>>;
  /** Holds one back until something follows it, `commit` at the latest. */
  hold(statement: Sent): void;
  /** Holds one back until something follows it or its answer is asked for. */
  ask<Row>(statement: Sent): () => Promise<Outcome<Row>>;
}

/** What a transaction needs in front of its statements. */
export interface Opening {
  readonly statements: readonly Sent[];
  /** `first`: they open one transaction for all. `each`: every statement is a transaction of its own, and they belong to it. */
  readonly before: 'first' | 'each';
}

/** A link and its end: nothing can be sent over it any more, for the connection may be another's by then. */
export interface OpenLink extends Link {
  /** Whether the connection can be used again. */
  close(): { readonly isUsable: boolean };
  /** Takes back what was done, if anything was. The connection may be gone, so this never fails. */
  undo(rollback: Sent): Promise<void>;
}

interface Held {
  readonly sent: Sent;
  readonly answer?: PromiseWithResolvers<Outcome<unknown>>;
}

/** Opens a link over a connection nobody else uses meanwhile. Sends nothing yet: the opening goes with the first statement. */
export function openLink(client: pg.PoolClient, { statements, before }: Opening): OpenLink {
  const opening: readonly Held[] = statements.map((sent) => ({ sent }));
  let held = opening;
  let isClosed = false;
  let isUsable = true;
  let isUndoable = false;

  const send = async (...statements: readonly Sent[]): Promise<Outcome<unknown>> => {
    if (isClosed) throw new Error('the transaction is over');
    const ahead = held;
    const batch = new Batch([...ahead.map(({ sent }) => sent), ...statements]);
    held = before === 'each' ? opening : [];
    isUndoable ||= before === 'first';
    try {
      await client.query(batch).end;
      return batch.outcomes.at(-1) ?? nothing;
    } catch (error) {
      isUndoable = true;
      const failed = ahead[batch.outcomes.length];
      // Who can live with a failure of his own statement must not go on without what should have gone before it.
      if (failed !== undefined) isClosed = true;
      // Most likely a pooler in between has forgotten what was prepared here.
      if (failed !== undefined && opening.includes(failed)) isUsable = false;
      // PostgreSQL's answer knows nothing of who asked.
      if (error instanceof Error) error.stack += `\n${new Error('asked').stack?.split('\n').slice(1).join('\n')}`;
      throw error;
    } finally {
      // Those ahead of one that failed have their answers, and a transaction with savepoints goes on.
      for (const [index, { answer }] of ahead.entries()) {
        const outcome = batch.outcomes[index];
        if (outcome !== undefined) answer?.resolve(outcome);
        else answer?.reject(new Error('the transaction is over'));
      }
    }
  };

  return {
    send: send as OpenLink['send'],
    hold(sent) {
      held = [...held, { sent }];
    },
    ask<Row>(sent: Sent) {
      const answer = Promise.withResolvers<Outcome<unknown>>();
      // Whoever sent it along hears of a failure.
      answer.promise.catch(() => {});
      const question = { sent, answer };
      held = [...held, question];
      return async () => {
        if (held.includes(question)) await send();
        return answer.promise as Promise<Outcome<Row>>;
      };
    },
    close() {
      isClosed = true;
      return { isUsable };
    },
    async undo(rollback) {
      isClosed = true;
      // Of single statements nothing is left to take back, but what was sent is answered before the connection is another's.
      if (isUndoable) await client.query(new Batch([rollback])).end.catch(() => {});
    },
  };
}

const nothing: Outcome<unknown> = { rows: [], tag: '' };
