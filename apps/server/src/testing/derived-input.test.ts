/** Whatever is sent, an operation answers within its documentation, names the field that is wrong, and writes nothing then. */
import { describe, expect, test } from 'vitest';
import type { ImplementedOperation } from '../platform/module.ts';
import { badInputs, type OddInput, textInputs } from './bad-input.ts';
import { fingerprintOf } from './fingerprint.ts';
import { inputSchemaOf } from './input-schema.ts';
import { sampleInput } from './sample-input.ts';
import { sampleSecret, sampleWorld } from './sample-world.ts';
import { testServer } from './server.ts';
import { requestOf, send, type WireAnswer, type WireRequest } from './wire.ts';

const server = await testServer();
const world = await sampleWorld(server);
const operations = server.composition.modules.flatMap((module) => module.operations);
const authorization = await world.pool.token();

/** Sends all, a few at a time, as one client with several connections would. */
async function sendAll<One>(
  many: readonly One[],
  toRequest: (one: One) => WireRequest,
  credential: string,
): Promise<(WireAnswer & { readonly sent: One })[]> {
  const answers: (WireAnswer & { readonly sent: One })[] = [];
  for (let start = 0; start < many.length; start += 16) {
    const batch = many.slice(start, start + 16).map(async (sent) => {
      const request = toRequest(sent);
      const headers = { ...request.headers, authorization: credential };
      return { ...(await send(server.origin, { ...request, headers })), sent };
    });
    answers.push(...(await Promise.all(batch)));
  }
  return answers;
}

const fieldsOf = ({ operation }: ImplementedOperation) => Object.keys(operation.input.shape);
const withInput = operations.filter((implemented) => fieldsOf(implemented).length > 0);

describe('input that its declaration refuses', () => {
  test.each(withInput)('$name: 400 that names the field, and nothing is written', async (implemented) => {
    const bad = badInputs(implemented, sampleInput(implemented, world), world);
    const before = await fingerprintOf(server, world.pool.id);
    const answers = await sendAll(bad, ({ input }) => requestOf(implemented.operation, input), authorization);
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

/** Texts that break what is careless. A query line holds some 16 KB, so the long one is shorter there. */
const hostileTexts = (isQuery: boolean) => ({
  NUL: 'a\0b',
  'a lone surrogate': 'a\ud800b',
  'marks that turn the direction': '\u202egro.elgoog\u202c\u200f',
  'very long': 'x'.repeat(isQuery ? 8_000 : 70_000),
  'a name of a prototype': '__proto__',
  SQL: `'; drop table users; -- " \\ $1 %s {0}`,
  'a path': '../../etc/passwd',
  blanks: '   ',
  'an astral text': '𠮷🏳️‍🌈e\u0301',
});

/** JSON that breaks what is careless, made around a valid body. */
function hostileBodies(sample: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, string> {
  const text = JSON.stringify(sample);
  const rest = text === '{}' ? '}' : `,${text.slice(1)}`;
  const bodies: Record<string, string> = {
    'a list': '[]',
    'a list of a valid body': `[${text}]`,
    'a text': '"x"',
    null: 'null',
    'a number': '1',
    'a prototype': `{"__proto__":{"isAdmin":true}${rest}`,
    'a constructor': `{"constructor":{"prototype":{"isAdmin":true}}${rest}`,
    'an unknown field, very deep': `{"unknown":${'['.repeat(50_000)}${']'.repeat(50_000)}${rest}`,
    'ten thousand unknown fields': `{${Array.from({ length: 10_000 }, (_, at) => `"f${at}":1`).join()}${rest}`,
  };
  const [first] = fields;
  bodies[`${first}: very deep`] = `{"${first}":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}${rest}`;
  bodies[`${first}: twice`] = `{"${first}":1${rest}`;
  for (const field of fields) {
    const others = JSON.stringify({ ...sample, [field]: undefined });
    const after = others === '{}' ? '}' : `,${others.slice(1)}`;
    bodies[`${field}: deep`] = `{"${field}":${'['.repeat(60)}${']'.repeat(60)}${after}`;
    bodies[`${field}: past every number`] = `{"${field}":1e400${after}`;
    bodies[`${field}: a huge integer`] = `{"${field}":123456789012345678901234567890${after}`;
    bodies[`${field}: null`] = `{"${field}":null${after}`;
    bodies[`${field}: an empty object`] = `{"${field}":{}${after}`;
    bodies[`${field}: a list in a list`] = `{"${field}":[[]]${after}`;
    bodies[`${field}: an object with a prototype`] = `{"${field}":{"__proto__":{"x":1},"a\\u0000":1}${after}`;
  }
  return bodies;
}

/** Without the passwords a sample need not have: to hash one takes longer than a hundred requests. */
function withoutSecrets(sample: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(sample, (_name, value) => (value === sampleSecret ? undefined : value)));
}

describe('hostile input', () => {
  test.each(withInput)('$name never fails for it', async (implemented) => {
    const { operation } = implemented;
    const own = await sampleWorld(server);
    const sample = withoutSecrets(sampleInput(implemented, own));
    const isQuery = operation.method === 'GET';
    const credential = await own.pool.token();
    const texts: readonly OddInput[] = textInputs(implemented, sample, own, hostileTexts(isQuery));
    const answers: WireAnswer[] = await sendAll(texts, ({ input }) => requestOf(operation, input), credential);
    if (!isQuery) {
      const bodies = Object.entries(hostileBodies(sample, fieldsOf(implemented)));
      const { path, method, headers = {} } = requestOf(operation, {});
      answers.push(...(await sendAll(bodies, ([, body]) => ({ path, method, headers, body }), credential)));
    }
    const failures = answers.filter(({ answer, httpStatus }) => !(answer.statusCode < 500 && httpStatus === 200));
    expect(failures.map(({ answer, ...rest }) => ({ answer, sent: 'sent' in rest ? rest.sent : undefined }))).toEqual(
      [],
    );
    expect(new Set(answers.map(({ answer }) => answer.requestId)).size).toBe(answers.length);
  });
});
