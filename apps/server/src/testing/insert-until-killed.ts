/** A server under load: starts the embedded PostgreSQL and prints a number once its row is committed, on and on. */
import pg from 'pg';
import { openDataDirectory } from '../platform/data-directory.ts';
import { startEmbeddedPostgres } from '../platform/database/embedded.ts';
import { openLog } from '../platform/log.ts';

const log = openLog('silent');
const directory = await openDataDirectory(process.argv[2] ?? '', { log });
const postgres = await startEmbeddedPostgres({ directory, log });
console.log(JSON.stringify({ pid: postgres.pid }));

const lanes = 4;
const insertInLane = async (lane: number) => {
  const client = new pg.Client(postgres.connection);
  client.on('error', () => {});
  await client.connect();
  for (let number = lane; ; number += lanes) {
    await client.query('insert into acknowledged values ($1)', [number]);
    console.log(number);
  }
};
// Ends with an error when PostgreSQL is killed, and by itself when this process is.
await Promise.all(Array.from({ length: lanes }, (_, lane) => insertInLane(lane))).catch(() => console.log('lost'));
