/** Whatever is sent, an operation answers within its documentation, names the field that is wrong, and writes nothing then. */
import { describe, expect, test } from 'vitest';
import type { ImplementedOperation } from '../platform/module.ts';
import { badInputs } from './bad-input.ts';
import { fingerprintOf } from './fingerprint.ts';
import { inputSchemaOf } from './input-schema.ts';
import { sampleInput } from './sample-input.ts';
import { sampleWorld } from './sample-world.ts';
import { testServer } from './server.ts';
import { requestOf, send, sendAll } from './wire.ts';

const server = await testServer();
const world = await sampleWorld(server);
const operations = server.composition.modules.flatMap((module) => module.operations);
const authorization = await world.pool.token();

const fieldsOf = ({ operation }: ImplementedOperation) => Object.keys(operation.input.shape);
const withInput = operations.filter((implemented) => fieldsOf(implemented).length > 0);

describe('input that its declaration refuses', () => {
  test.each(withInput)('$name: 400 that names the field, and nothing is written', async (implemented) => {
    const bad = badInputs(implemented, sampleInput(implemented, world), world);
    const before = await fingerprintOf(server, world.pool.id);
    const answers = await sendAll(
      server.origin,
      bad,
      ({ input }) => requestOf(implemented.operation, input),
      authorization,
    );
    const accepted = answers.filter(
      ({ sent, answer }) => answer.statusCode !== 400 || !answer.message.includes(sent.path),
    );
    expect(accepted.map(({ sent, answer }) => `${sent.label} -> ${answer.statusCode} ${answer.message}`)).toEqual([]);
    expect(await fingerprintOf(server, world.pool.id)).toEqual(before);
  });

  test('is refused in Chinese to who reads Chinese', async () => {
    const implemented = withInput.find(({ operation }) => (inputSchemaOf(operation).required ?? []).length > 0);
    if (implemented === undefined) throw new Error('no operation with a required field');
    const [field] = inputSchemaOf(implemented.operation).required ?? [];
    const { answer } = await send(server.origin, {
      ...requestOf(implemented.operation, {}),
      headers: { authorization, 'accept-language': 'zh-TW, en;q=0.8' },
    });
    expect(answer).toMatchObject({ statusCode: 400, message: `参数 ${field} 不能为空` });
  });
});
