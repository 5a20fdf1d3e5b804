import type { AddressInfo } from 'node:net';
import { afterAll, expect, inject, test } from 'vitest';
import { compose } from '../compose.ts';
import { sampleInput } from '../testing/sample-input.ts';
import { sampleSecret, sampleWorld } from '../testing/sample-world.ts';
import { managementToken, testSeal, testServer } from '../testing/server.ts';
import { requestOf, send, signedRequestOf } from '../testing/wire.ts';
import { openDatabase } from './database/database.ts';
import { openLog } from './log.ts';

const lines: string[] = [];
const log = openLog('trace', { write: (line: string) => lines.push(line) });
const database = openDatabase(inject('connection'), { size: 4 });
const composition = await compose({ database, seal: testSeal, log, checkAnswers: true });
await composition.app.listen({ host: '127.0.0.1', port: 0 });
const origin = `http://127.0.0.1:${(composition.app.server.address() as AddressInfo).port}`;

afterAll(async () => {
  await composition.close();
  await database.close();
});

test('logs an operation by name, request and outcome, and tells no secret, token or personal data', async () => {
  const world = await sampleWorld(await testServer());
  const { pool } = world;
  const token = await managementToken(origin, pool.id, pool.secret);
  const [key] = await pool.do('createAccessKey', { type: 'userpool' });
  const signer = { accessKeyId: key.accessKeyId, secret: key.accessKeySecret };
  const nonces: string[] = [];
  for (const { operations } of composition.modules) {
    for (const implemented of operations) {
      const input = sampleInput(implemented, world);
      const request = requestOf(implemented.operation, input);
      await send(origin, { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } });
      const signed = signedRequestOf(implemented.operation, input, signer);
      nonces.push(signed.headers?.['authorization'] ?? '');
      await send(origin, signed);
      await send(origin, { ...signed, body: '{"password": "not-json-hidden', method: 'POST' });
    }
  }
  const text = lines.join('');
  const names = composition.modules.flatMap(({ operations }) => operations.map(({ name }) => name));
  for (const name of names) expect(text).toContain(`"operation":"${name}"`);
  const secrets = [pool.secret, key.accessKeySecret, token, sampleSecret, 'not-json-hidden', 'ada@example.com'];
  for (const secret of [...secrets, ...nonces]) expect(text).not.toContain(secret);
  // Nothing of it was unforeseen either.
  expect(lines.filter((line) => JSON.parse(line).level === 'error')).toEqual([]);
});
