import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSeal, type Seal } from '@genauth/server/seal';
import { userPoolSecretContext } from '@genauth/server/user-pools';
import type pg from 'pg';
import { type Dataset, describeDataset, seed } from './dataset.ts';
import { createProgressBar } from './progress.ts';
import { asOwner, type ServerUnderTest, startServerUnderTest } from './server-under-test.ts';

/** How large a data set is. */
export interface Size {
  readonly users: number;
  readonly departments: number;
}

/** A running server with a data set in it, and a token for its user pool. */
export interface Stage {
  readonly server: ServerUnderTest;
  readonly dataset: Dataset;
  readonly seal: Seal;
  readonly authorization: string;
  readonly accessKey: { readonly id: string; readonly secret: string };
}

/** The secret of every seeded user pool; they live on this machine's loopback for as long as a benchmark runs. */
const secret = 'bench-secret-bench-secret-bench!';

/** Takes out who was added by a run before, and cleans up after what it moved, as a server that lives has time to. */
async function restore(client: pg.Client, userPoolId: string): Promise<void> {
  await client.query(`select set_config('genauth.user_pool_id', $1, false)`, [userPoolId]);
  await client.query(`delete from department_members where user_pool_id = $1 and joined_at >= '2026-06-01'`, [
    userPoolId,
  ]);
  await client.query(
    'vacuum (analyze) users, user_search, user_counts, departments, department_members, department_counts',
  );
}

/** To be raised when people are described otherwise, so that nobody measures on those of before. */
const revision = 2;

/** Where data sets are kept between runs. */
function dataDirectoryOf({ users, departments }: Size): string {
  return fileURLToPath(new URL(`../.cache/bench/${users}-${departments}-${revision}`, import.meta.url));
}

/** Starts a server on the data set of that size, seeding what is missing of it first. */
export async function openStage(size: Size): Promise<Stage> {
  const server = await startServerUnderTest(dataDirectoryOf(size));
  const seal = createSeal(readFileSync(join(server.dataDirectory, 'master.key'), 'utf8').trim());
  await seed({
    ...size,
    connection: server.connection,
    sealSecret: (userPoolId) => seal.seal(secret, userPoolSecretContext(userPoolId)),
    progress: createProgressBar(),
  });
  const dataset = describeDataset(size.users, size.departments);
  await asOwner(server, (client) => restore(client, dataset.userPoolId));
  // The limit protects servers from clients; here the client is the point.
  await asOwner(server, (client) =>
    client.query('update user_pools set rate_limit_per_second = 1000000000 where user_pool_id = $1', [
      dataset.userPoolId,
    ]),
  );
  const response = await fetch(`${server.origin}/api/v3/get-management-token`, {
    method: 'POST',
    body: JSON.stringify({ accessKeyId: dataset.userPoolId, accessKeySecret: secret }),
  });
  const answer = (await response.json()) as { data?: { access_token: string }; message: string };
  if (answer.data === undefined) throw new Error(`no management token: ${answer.message}`);
  return {
    server,
    dataset,
    seal,
    authorization: answer.data.access_token,
    accessKey: { id: dataset.userPoolId, secret },
  };
}
