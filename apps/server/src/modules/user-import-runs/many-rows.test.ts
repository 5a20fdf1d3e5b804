import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { managementToken } from '../../testing/server.ts';
import { startServerProcess } from '../../testing/server-process.ts';

/** More than fit as arguments of one call onto the stack of a process; threads, where other tests run, have a larger one. */
const count = 160_000;

test('a piece with very many rows is worked off like any other', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'genauth-many-rows-'));
  const server = await startServerProcess(join(folder, 'data'));
  try {
    const authorization = await managementToken(server.origin, server.userPoolId, server.userPoolSecret);
    const call = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${server.origin}/api/v3/${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as { statusCode: number; data: Record<string, unknown> };
      expect(answer.statusCode).toBe(200);
      return answer.data;
    };
    const { importId } = await call('POST', 'create-user-import', { format: 'ndjson' });
    // No row is an object, so that each of them is refused at once.
    const content = Buffer.from('1\n'.repeat(count)).toString('base64');
    await call('POST', 'upload-user-import-chunk', { importId, index: 0, content });
    const { jobId } = await call('POST', 'start-user-import', { importId, chunkCount: 1 });
    // The first steps are enough: by then all rows were read.
    for (;;) {
      const { rows, state } = await call('GET', `get-user-import?importId=${importId}`);
      expect(['waiting', 'running', 'done']).toContain(state);
      if (Number(rows) > 0) break;
      expect(server.output()).not.toContain('a job failed');
      await sleep(50);
    }
    await call('POST', 'cancel-job', { jobId });
  } finally {
    await server.kill('SIGTERM');
    await rm(folder, { recursive: true });
  }
});
