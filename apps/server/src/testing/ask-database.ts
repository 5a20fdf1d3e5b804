import { join } from 'node:path';
import pg from 'pg';

/** One row from the PostgreSQL of a server process, as its owner, past every policy. */
export async function askDatabase<Row extends pg.QueryResultRow>(
  dataDirectory: string,
  text: string,
): Promise<Row | undefined> {
  const client = new pg.Client({ host: join(dataDirectory, 'run'), port: 5432, user: 'postgres', database: 'genauth' });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows[0];
  } finally {
    await client.end();
  }
}
