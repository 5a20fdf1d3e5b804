import { Batch } from '@genauth/server/batch';
import { compose } from '@genauth/server/compose';
import { openDatabase } from '@genauth/server/database';
import { openLog } from '@genauth/server/log';
import type { Seal } from '@genauth/server/seal';
import pg from 'pg';
import type { RecordedBatch } from './floor-process.ts';

/** Writes down what requests send, for a floor that sends just the same. */
export interface Recorder {
  /** The batches of one request, `begin` and `commit` included. */
  record(method: 'GET' | 'POST', path: string, input?: unknown): Promise<RecordedBatch[]>;
  close(): Promise<void>;
}

/** Composes a server inside this process, on one connection, and listens to what it says to PostgreSQL. */
export async function openRecorder(connection: pg.ClientConfig, seal: Seal, authorization: string): Promise<Recorder> {
  const database = openDatabase(connection as Parameters<typeof openDatabase>[0], { size: 1 });
  const composition = await compose({ database, seal, log: openLog('error'), runsJobs: false });
  const original = pg.Client.prototype.query;
  let batches: RecordedBatch[] = [];
  let isUpkeep = false;
  pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
    const [batch] = parameters;
    if (batch instanceof Batch) {
      const { statements } = batch;
      // What the server does now and then goes over the same connection, one transaction after the other.
      isUpkeep ||= statements.some(({ text }) => text.includes('genauth_across_user_pools'));
      if (!isUpkeep) batches.push(statements);
      isUpkeep &&= !statements.some(({ text }) => text === 'commit' || text === 'rollback');
    }
    return Reflect.apply(original, this, parameters);
  } as typeof original;
  const record: Recorder['record'] = async (method, path, input) => {
    batches = [];
    const response = await composition.app.inject({
      method,
      url: path,
      headers: { authorization, 'content-type': 'application/json' },
      ...(input === undefined ? {} : { payload: JSON.stringify(input) }),
    });
    const answer = response.json();
    if (answer.statusCode !== 200) throw new Error(`${path}: ${response.body}`);
    return batches;
  };
  return {
    async record(method, path, input) {
      await record('GET', '/api/v3/list-organizations?limit=1');
      return record(method, path, input);
    },
    async close() {
      pg.Client.prototype.query = original;
      await composition.close();
      await database.close();
    },
  };
}
