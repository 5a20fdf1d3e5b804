import type pg from 'pg';
import type { Log } from '../log.ts';
import type { Database } from './database.ts';

/** A standing subscription to a PostgreSQL channel. */
export interface Subscription {
  close(): Promise<void>;
}

const reconnectAfterMs = 500;

/** Who hears of a channel's messages. */
export interface Listener {
  readonly onMessage: (payload: string) => void;
  /** From now on no message is missed. */
  readonly onLive: () => void;
  /** Messages may be missed: what depends on them must not be trusted until the next `onLive`. */
  readonly onGap: () => void;
}

/** Listens on a channel over a connection of its own and reconnects for ever. */
export async function subscribe(
  database: Database,
  channel: string,
  log: Log,
  { onMessage, onLive, onGap }: Listener,
): Promise<Subscription> {
  let client: pg.Client | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const open = async () => {
    const opening = await database.connect();
    opening.on('notification', ({ payload }) => onMessage(payload ?? ''));
    opening.on('error', () => {});
    opening.on('end', () => {
      if (client !== opening) return;
      client = undefined;
      onGap();
      if (!closed) retry();
    });
    await opening.query(`listen ${channel}`);
    client = opening;
    onLive();
  };
  const retry = () => {
    timer = setTimeout(() => {
      open().catch((error: unknown) => {
        log.warn({ channel, err: error }, 'cannot listen to the database; trying again');
        if (!closed) retry();
      });
    }, reconnectAfterMs);
    timer.unref();
  };

  await open();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end();
    },
  };
}
