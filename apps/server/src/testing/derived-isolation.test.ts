/** A user pool sees and changes nothing of another, whatever ids it names: for every operation. */
import { describe, expect, test } from 'vitest';
import { fingerprintOf, idsOf } from './fingerprint.ts';
import { sampleInput } from './sample-input.ts';
import { sampleWorld } from './sample-world.ts';
import { testServer, testUserPool } from './server.ts';
import { send, signedRequestOf } from './wire.ts';

const server = await testServer();
const foreign = await sampleWorld(server);
const foreignIds = await idsOf(server, foreign.pool.id);
const foreignBefore = await fingerprintOf(server, foreign.pool.id);
const operations = server.composition.modules.flatMap((module) => module.operations);
const protectedOperations = operations.filter(({ operation }) => operation.kind !== 'publicQuery');

function foreignIdsIn(data: unknown): readonly string[] {
  const text = JSON.stringify(data) ?? '';
  return foreignIds.filter((id) => text.includes(id));
}

test('every id of a sample world is shown to its own user pool, so that the suite would notice one', async () => {
  const seen = new Set<string>();
  for (const implemented of operations.filter(({ operation }) => operation.kind === 'query')) {
    const { data } = await foreign.pool.call(implemented.name, sampleInput(implemented, foreign));
    for (const id of foreignIdsIn(data)) seen.add(id);
  }
  const named = Object.values(foreign.values)
    .flat()
    .filter((value) => foreignIds.some((id) => id === value));
  expect([...seen]).toEqual(expect.arrayContaining(named));
});

describe('from another user pool', () => {
  test.each(protectedOperations)('$name shows and changes nothing when every id is foreign', async (implemented) => {
    const { name, operation } = implemented;
    const empty = await testUserPool({ server });
    const signer = { accessKeyId: empty.id, secret: empty.secret };
    const before = await fingerprintOf(server, empty.id);
    const request = signedRequestOf(operation, sampleInput(implemented, foreign), signer);
    const { answer } = await send(server.origin, request);
    expect(answer.statusCode).toBeLessThan(500);
    if (answer.statusCode === 200) expect(foreignIdsIn(answer.data)).toEqual([]);
    // A command that is refused leaves no audit row, no event and no nonce in the caller's pool either.
    else expect([name, await fingerprintOf(server, empty.id)]).toEqual([name, before]);
    expect(await fingerprintOf(server, foreign.pool.id)).toEqual(foreignBefore);
  });

  test.each(protectedOperations)('$name shows and changes nothing when one id is foreign', async (implemented) => {
    const { operation } = implemented;
    const own = await sampleWorld(server);
    const signer = { accessKeyId: own.pool.id, secret: own.pool.secret };
    const fields = Object.keys(operation.input.shape).filter((field) => field in foreign.values);
    for (const field of ['none', ...fields]) {
      const input = { ...sampleInput(implemented, own), [field]: foreign.values[field] };
      const { answer } = await send(server.origin, signedRequestOf(operation, input, signer));
      expect(answer.statusCode).toBeLessThan(500);
      if (answer.statusCode === 200) expect([field, ...foreignIdsIn(answer.data)]).toEqual([field]);
    }
    expect(await fingerprintOf(server, foreign.pool.id)).toEqual(foreignBefore);
    // What the caller's own pool now holds must not point into the other one either; audit rows say what was asked for.
    const links = [
      'department_members',
      'department_leaders',
      'group_members',
      'role_assignments',
      'post_members',
      'post_departments',
      'public_account_users',
      'public_account_departments',
      'public_account_groups',
      'public_account_roles',
      'public_account_posts',
    ];
    for (const table of links) {
      if (!(table in foreignBefore)) continue;
      expect(foreignIdsIn(await own.pool.rows(table))).toEqual([]);
    }
  });
});
