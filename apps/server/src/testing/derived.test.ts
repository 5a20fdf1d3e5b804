/**
 * What is true of every operation, tested from its declaration: an operation that is added is tested here without being
 * mentioned. Bad input and foreign user pools have files of their own beside this one.
 */
import { toOpenApi } from '@genauth/contract';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { documents } from '../documents.ts';
import { eventsOfCommand } from '../platform/commands.ts';
import { newSecret } from '../platform/ids.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type InputSchema, inputSchemaOf, schemaOf } from './input-schema.ts';
import { howToAddASample, sampleInput } from './sample-input.ts';
import { type SampleWorld, sampleSecret, sampleWorld } from './sample-world.ts';
import { managementToken, startTestServer, testServer, testUserPool } from './server.ts';
import { requestOf, send, signedRequestOf, type WireRequest } from './wire.ts';

const server = await testServer();
const other = await startTestServer(inject('connection'));
const world = await sampleWorld(server);
const operations = server.composition.modules.flatMap((module) => module.operations);
const protectedOperations = operations.filter(({ operation }) => operation.kind !== 'publicQuery');
const commands = operations.filter(({ operation }) => operation.kind === 'command');

afterAll(async () => {
  await other.composition.close();
  await other.database.close();
});

function withHeaders(request: WireRequest, headers: Readonly<Record<string, string>>): WireRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

async function withToken(request: WireRequest, { pool }: SampleWorld): Promise<WireRequest> {
  return withHeaders(request, {
    authorization: `Bearer ${await pool.token()}`,
  });
}

const token = await world.pool.token();

describe('a credential', () => {
  test.each(protectedOperations)('$name asks for one, and for the right one', async (implemented) => {
    const { operation } = implemented;
    const input = sampleInput(implemented, world);
    const request = requestOf(operation, input);
    const before = await fingerprintOf(server, world.pool.id);
    const wrong = [
      request,
      withHeaders(request, { authorization: 'Basic YTpi' }),
      withHeaders(request, { authorization: 'Bearer wrong' }),
      withHeaders(request, { authorization: `Bearer ${token.slice(0, -6)}AAAAAA` }),
      signedRequestOf(operation, input, { accessKeyId: world.pool.id, secret: newSecret() }),
      signedRequestOf(operation, input, { accessKeyId: world.pool.id.replace(/^./, 'f'), secret: world.pool.secret }),
    ];
    const answers = await Promise.all(wrong.map((one) => send(server.origin, one)));
    expect(answers.map(({ answer }) => answer.statusCode)).toEqual(wrong.map(() => 401));
    expect(answers.map(({ answer }) => answer.apiCode)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      1300,
      1300,
    ]);
    for (const { answer } of answers) expect(answer.data).toBeUndefined();
    expect(await fingerprintOf(server, world.pool.id)).toEqual(before);
  });

  test('of an administrator, or named for another user pool, opens no operation', async () => {
    const administered = await testUserPool({ server });
    const userId = newSecret().slice(0, 24);
    await server.sql('insert into users (user_pool_id, id) values ($1, $2)', [administered.id, userId]);
    const [key] = await administered.do('createAccessKey', { type: 'user', userId });
    const ofAdministrator = await managementToken(server.origin, key.accessKeyId, key.accessKeySecret);
    const foreign = { authorization: token, 'x-authing-userpool-id': administered.id };
    const foreignToo = { authorization: token, 'x-genauth-userpool-id': administered.id };
    const before = await fingerprintOf(server, world.pool.id);
    for (const implemented of protectedOperations) {
      const request = requestOf(implemented.operation, sampleInput(implemented, world));
      const answers = await Promise.all(
        [{ authorization: ofAdministrator }, foreign, foreignToo].map((headers) =>
          send(server.origin, withHeaders(request, headers)),
        ),
      );
      expect([implemented.name, ...answers.map(({ answer }) => answer.statusCode)]).toEqual([
        implemented.name,
        403,
        403,
        403,
      ]);
      expect(answers[0]?.answer.message).toContain(implemented.operation.permission);
    }
    expect(await fingerprintOf(server, world.pool.id)).toEqual(before);
  });
});

/** Properties of a value that its declaration does not have: clients would come to rely on them. */
function undeclared(value: unknown, schema: InputSchema, path = 'data'): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => undeclared(one, schema.items ?? {}, `${path}[]`));
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return [];
  const { properties } = schema;
  return Object.entries(value).flatMap(([name, one]) => {
    const inner = properties[name];
    return inner === undefined ? [`${path}.${name}`] : undeclared(one, inner, `${path}.${name}`);
  });
}

describe('a valid call', () => {
  test.each(operations)('$name answers as declared', async (implemented) => {
    const { name, operation } = implemented;
    const own = operation.kind === 'command' ? await sampleWorld(server) : world;
    const input = sampleInput(implemented, own);
    const request = await withToken(requestOf(operation, input), own);
    const before = await fingerprintOf(server, own.pool.id);
    const { answer, headers, httpStatus } = await send(server.origin, request);
    expect(answer.statusCode, howToAddASample(name, `a valid call (${JSON.stringify(answer)})`)).toBe(200);
    expect(httpStatus).toBe(200);
    expect(answer.message).toBe('Success');
    expect(answer).not.toHaveProperty('apiCode');
    expect(headers.get('x-request-id')).toBe(answer.requestId);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    if (operation.output === undefined) expect(answer).not.toHaveProperty('data');
    else expect(undeclared(answer.data, schemaOf(operation.output, 'output'))).toEqual([]);
    if (operation.kind !== 'command') {
      expect(await fingerprintOf(server, own.pool.id)).toEqual(before);
      const chinese = await send(server.origin, withHeaders(request, { 'x-authing-lang': 'zh-CN' }));
      expect(chinese.answer).toMatchObject({ statusCode: 200, message: '' });
    }
  });

  test.each(commands)('$name leaves one audit row and only declared events', async (implemented) => {
    const { name, operation } = implemented;
    if (operation.kind !== 'command') return;
    const own = await sampleWorld(server);
    const input = sampleInput(implemented, own);
    const [auditsBefore, eventsBefore] = await Promise.all([own.pool.audits(), own.pool.events()]);
    const request = withHeaders(await withToken(requestOf(operation, input), own), {
      'x-genauth-lang': 'zh-CN',
      'user-agent': 'derived-suite/1',
    });
    const { answer } = await send(server.origin, request);
    expect(answer).toMatchObject({ statusCode: 200, message: '' });

    const audits = (await own.pool.audits()).slice(auditsBefore.length);
    expect(audits).toHaveLength(1);
    expect(audits[0]).toMatchObject({
      action: name,
      operation_type: operation.audit.operationType,
      resource_type: operation.audit.resourceType,
      access_key_id: own.pool.id,
      actor_user_id: null,
      request_id: answer.requestId,
      client_ip: '127.0.0.1',
      user_agent: 'derived-suite/1',
    });
    if (operation.target !== undefined) expect(audits[0]?.target_id).toBeTypeOf('string');
    expect(Object.keys(audits[0]?.operation_param)).toEqual(expect.arrayContaining(Object.keys(input)));

    const events = (await own.pool.events()).slice(eventsBefore.length);
    const mayAnnounce = eventsOfCommand(operation, server.composition.modules);
    for (const { name: eventName, webhook, topic, data } of events) {
      const declared = mayAnnounce.find((one) => one.name === eventName);
      expect(declared, `${eventName} is not declared by ${name}`).toBeDefined();
      expect({ webhook, topic }).toEqual({ webhook: declared?.webhook ?? null, topic: declared?.topic ?? null });
      expect(declared?.data.safeParse(data).error).toBeUndefined();
    }
    expect(JSON.stringify([audits, events])).not.toContain(sampleSecret);
  });
});

describe('a signed request sent twice', () => {
  test.each(commands)('$name takes effect once, also when another server gets the second', async (implemented) => {
    const { operation } = implemented;
    const own = await sampleWorld(server);
    const { id: accessKeyId, secret } = own.pool;
    const request = signedRequestOf(operation, sampleInput(implemented, own), { accessKeyId, secret });
    expect((await send(server.origin, request)).answer).toMatchObject({ statusCode: 200 });
    const after = await fingerprintOf(server, own.pool.id);
    // The other server never saw the nonce: there the rule may refuse, for what the first call changed, before it does.
    const elsewhere = await send(other.origin, request);
    expect(elsewhere.answer.statusCode).not.toBe(200);
    for (const { origin } of [server, other]) {
      expect((await send(origin, request)).answer).toMatchObject({ statusCode: 401, apiCode: 1306 });
    }
    expect(await fingerprintOf(server, own.pool.id)).toEqual(after);
  });

  const queries = operations.filter(({ operation }) => operation.kind === 'query');
  test.each(queries)('$name is answered once', async (implemented) => {
    const { id: accessKeyId, secret } = world.pool;
    const input = sampleInput(implemented, world);
    const request = signedRequestOf(implemented.operation, input, { accessKeyId, secret });
    expect((await send(server.origin, request)).answer).toMatchObject({ statusCode: 200 });
    expect((await send(server.origin, request)).answer).toMatchObject({ statusCode: 401, apiCode: 1306 });
  });
});

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

interface DocumentedOperation {
  readonly 'x-errors': readonly { readonly code: string }[];
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly required: boolean; readonly description?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> };
}

describe('the document', () => {
  const entries = operations.map(({ name, operation }) => [name, operation] as const);
  const document = JSON.parse(
    JSON.stringify(toOpenApi(entries, { title: 'Test', version: '1', description: 'Test' })),
  ) as Document;

  test.each(operations)('has $name with all its fields', ({ name, operation }) => {
    const documented = document.paths[operation.path]?.[operation.method.toLowerCase()];
    expect(documented?.operationId).toBe(name);
    expect(documented?.security).toHaveLength(operation.kind === 'publicQuery' ? 0 : 2);
    const reference = documented?.requestBody?.content['application/json']?.schema.$ref.split('/').at(-1) ?? '';
    const named =
      operation.method === 'GET'
        ? documented?.parameters?.map((parameter) => parameter.name)
        : Object.keys(document.components.schemas[reference]?.properties ?? {});
    expect(named).toEqual(Object.keys(operation.input.shape));
    for (const [field, { required }] of Object.entries(requiredFields(documented))) {
      expect([field, required]).toEqual([field, inputSchemaOf(operation).required?.includes(field) === true]);
    }
  });

  const published = documents().map(({ text }) => JSON.parse(text) as Document);
  const constraints = server.composition.modules.flatMap((module) => module.constraints);
  const refusals = new Set(constraints.flatMap(({ declaration }) => declaration.errors.map(({ code }) => code)));
  test.each(operations)('says of $name what constraints may refuse, by whatever way', ({ operation }) => {
    const announced = operation.kind === 'command' ? eventsOfCommand(operation, server.composition.modules) : [];
    const expected = constraints
      .filter(({ declaration }) => declaration.events.some((event) => announced.includes(event)))
      .flatMap(({ declaration }) => declaration.errors.map(({ code }) => code));
    const declared = operation.errors.map(({ code }) => code).filter((code) => refusals.has(code));
    const documented = published.flatMap(
      ({ paths }) => paths[operation.path]?.[operation.method.toLowerCase()]?.['x-errors'] ?? [],
    );
    const told = documented.map(({ code }) => code).filter((code) => refusals.has(code));
    expect(told.sort()).toEqual([...new Set([...expected, ...declared])].sort());
  });

  test('names every operation and every path once', () => {
    const names = operations.map(({ name }) => name);
    const paths = operations.map(({ operation }) => `${operation.method} ${operation.path}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(paths).size).toBe(paths.length);
  });
});

function requiredFields(documented: DocumentedOperation | undefined): Record<string, { required: boolean }> {
  return Object.fromEntries((documented?.parameters ?? []).map(({ name, required }) => [name, { required }]));
}
