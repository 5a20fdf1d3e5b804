/**
 * What breaks the careless, in every place of every operation: it is refused, or stored and given back to the letter. Never a
 * failure of the server, a change of what all objects share, or a long wait of everybody else.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, describe, expect, test } from 'vitest';
import type { ImplementedOperation } from '../platform/module.ts';
import { type TextPlace, textInputs } from './bad-input.ts';
import { type InputSchema, inputSchemaOf } from './input-schema.ts';
import { sampleInput } from './sample-input.ts';
import { type SampleWorld, sampleSecret, sampleWorld } from './sample-world.ts';
import { testServer } from './server.ts';
import { requestOf, sendAll, type WireAnswer } from './wire.ts';

const server = await testServer();
const operations = server.composition.modules.flatMap((module) => module.operations);
// The parts of an export are a file, whose format escapes what it must; its own tests read it.
const queries = operations.filter(({ name, operation }) => operation.kind === 'query' && name !== 'getUserExportPart');
const withInput = operations.filter(({ operation }) => Object.keys(operation.input.shape).length > 0);

const eventLoop = monitorEventLoopDelay({ resolution: 10 });
eventLoop.enable();
afterAll(() => {
  eventLoop.disable();
  // The suite itself makes megabytes in the same thread; what backtracks without end takes minutes.
  expect(eventLoop.max / 1e6, 'milliseconds that nothing else was answered').toBeLessThan(2_000);
});

const megabyte = 1024 * 1024;
/** Declarations of places that were sent a megabyte: the same check need not read another. */
const sentMegabytes = new Set<string>();

/** A query line holds some 16 KB, so what is long is shorter there. */
function hostileTexts({ path, maxLength, declaration }: TextPlace, isQuery: boolean): Record<string, string> {
  const texts: Record<string, string> = {
    NUL: 'a\0b',
    'a lone surrogate': 'a\ud800b',
    'very long': 'x'.repeat(isQuery ? 8_000 : 70_000),
    'a name of a prototype': '__proto__',
    blanks: '   ',
  };
  if (!isQuery && !sentMegabytes.has(declaration)) {
    sentMegabytes.add(declaration);
    texts['as long as a body'] = `${'a'.repeat(megabyte - 20_000)}!`;
  }
  // Last, so that an update is not overwritten by what comes after. The milder one is for places that want no control characters.
  const mark = markOf(path);
  // A direction turned, astral and composed characters, and what means something in SQL, HTML, formats and paths.
  const mixed = `${mark}\u202e𠮷e\u0301🏳️‍🌈<b>&amp;'";--%s{0}\\../ \u00a0\u2028\ufeff`;
  texts['control characters'] = `${mixed}\u0001\u007f\r\n\t `.slice(0, maxLength);
  texts['everything odd'] = mixed.slice(0, maxLength);
  texts['many scripts'] = `${mark} 𠮷 عربى ไทย e\u0301`.slice(0, maxLength);
  return texts;
}

const marks: string[] = [];
const markPattern = /mk\d{4}zz/;
/** Marks that an answer held. */
const givenBack = new Set<string>();

/** A text of its own for a place, by which it is found again wherever it comes back. */
function markOf(path: string): string {
  marks.push(path);
  return `mk${String(marks.length).padStart(4, '0')}zz`;
}

/** JSON that breaks what is careless, made around a valid body. */
function hostileBodies(
  sample: Readonly<Record<string, unknown>>,
  { operation }: ImplementedOperation,
): Record<string, string> {
  const fields = unlikeFields(inputSchemaOf(operation));
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
  for (const [field, { type }] of fields) {
    const others = JSON.stringify({ ...sample, [field]: undefined });
    const after = others === '{}' ? '}' : `,${others.slice(1)}`;
    const withField = (value: string) => `{"${field}":${value}${after}`;
    bodies[`${field}: twice`] = `{"${field}":1${rest}`;
    bodies[`${field}: twice, the second null`] = `${text === '{}' ? '{' : `${text.slice(0, -1)},`}"${field}":null}`;
    bodies[`${field}: deep`] = withField('['.repeat(60) + ']'.repeat(60));
    bodies[`${field}: very deep lists`] = withField('['.repeat(10_000) + ']'.repeat(10_000));
    bodies[`${field}: very deep objects`] = withField(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`);
    bodies[`${field}: past every number`] = withField('1e999');
    bodies[`${field}: less than every number`] = withField('-1e999');
    bodies[`${field}: minus zero`] = withField('-0');
    bodies[`${field}: a huge integer`] = withField('123456789012345678901234567890');
    bodies[`${field}: null`] = withField('null');
    bodies[`${field}: an empty object`] = withField('{}');
    bodies[`${field}: a list in a list`] = withField('[[]]');
    bodies[`${field}: an object with a prototype`] = withField('{"__proto__":{"x":1},"a\\u0000":1}');
    bodies[`${field}: an object of what all objects have`] = withField(
      '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":1,"hasOwnProperty":null}',
    );
    if (type === 'array') bodies[`${field}: an overlong list`] = withField(`[${'"a",'.repeat(99_999)}"a"]`);
  }
  return bodies;
}

/** One field of each kind of declaration: what is no JSON for one is none for its like. */
function unlikeFields({ properties = {} }: InputSchema): [name: string, schema: InputSchema][] {
  const byDeclaration = new Map<string, [string, InputSchema]>();
  for (const [name, schema] of Object.entries(properties)) {
    const declaration = JSON.stringify(schema, (key, value) =>
      ['description', 'x-description-zh-CN', 'examples'].includes(key) ? undefined : value,
    );
    if (!byDeclaration.has(declaration)) byDeclaration.set(declaration, [name, schema]);
  }
  return [...byDeclaration.values()];
}

/** Without the passwords a sample need not have: to hash one takes longer than a hundred requests. */
function withoutSecrets(sample: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(sample, (_name, value) => (value === sampleSecret ? undefined : value)));
}

/** Another thing of the same kind, for what can be created once only: texts of the sample's own get a number behind them. */
function renamed<Part>(part: Part, schema: InputSchema, world: SampleWorld, number: number): Part {
  if (typeof part === 'string') {
    const isFree = schema.enum === undefined && schema.format === undefined && !isKnown(part, world);
    return (isFree ? `${part}${number}` : part) as Part;
  }
  if (Array.isArray(part)) return part.map((one) => renamed(one, schema.items ?? {}, world, number)) as Part;
  if (typeof part !== 'object' || part === null) return part;
  const entries = Object.entries(part).map(([name, one]) => [
    name,
    renamed(one, schema.properties?.[name] ?? { format: 'unknown' }, world, number),
  ]);
  return Object.fromEntries(entries);
}

function isKnown(text: string, { values }: SampleWorld): boolean {
  return Object.values(values).flat().includes(text);
}

/** Every text in an answer, names of fields included. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => [name, ...textsIn(one)]);
}

/** What the queries about the same things as a command say in a world. */
async function answersAbout(tag: string, world: SampleWorld, authorization: string): Promise<WireAnswer[]> {
  return sendAll(
    server.origin,
    queries.filter(({ operation }) => operation.tag === tag),
    (implemented) => requestOf(implemented.operation, sampleInput(implemented, world)),
    authorization,
  );
}

describe('hostile input', () => {
  test.each(withInput)('$name refuses it or gives it back', { timeout: 60_000 }, async (implemented) => {
    const { operation } = implemented;
    const own = await sampleWorld(server);
    const sample = withoutSecrets(sampleInput(implemented, own));
    const isQuery = operation.method === 'GET';
    const credential = await own.pool.token();
    const creates = operation.kind === 'command' && operation.audit.operationType === 'create';
    const sampleFor = (request: number) => (creates ? renamed(sample, inputSchemaOf(operation), own, request) : sample);
    const texts = textInputs(implemented, sampleFor, own, (place) => hostileTexts(place, isQuery));
    const answers = await sendAll(server.origin, texts, ({ input }) => requestOf(operation, input), credential);
    const all: WireAnswer[] = [...answers];
    if (!isQuery) {
      const bodies = Object.entries(hostileBodies(sample, implemented));
      const { path, method, headers = {} } = requestOf(operation, {});
      all.push(...(await sendAll(server.origin, bodies, ([, body]) => ({ path, method, headers, body }), credential)));
    }
    const accepted = answers.filter(({ answer }) => answer.statusCode === 200).map(({ sent }) => sent.text);
    if (operation.kind === 'command' && accepted.some((text) => markPattern.test(text))) {
      all.push(...(await answersAbout(operation.tag, own, credential)));
    }

    for (const { answer } of all) {
      for (const text of textsIn(answer.data)) givenBack.add(markPattern.exec(text)?.[0] ?? '');
    }
    const failures = all.filter(({ answer, httpStatus }) => !(answer.statusCode < 500 && httpStatus === 200));
    expect(failures.map(({ answer, ...rest }) => ({ answer, sent: JSON.stringify(rest).slice(0, 500) }))).toEqual([]);
    expect(new Set(all.map(({ answer }) => answer.requestId)).size).toBe(all.length);
    expect(all.flatMap(({ answer }) => changedTexts(answer.data, accepted))).toEqual([]);
    expect({ ...({} as { isAdmin?: unknown; x?: unknown }), own: Object.keys(Object.prototype) }).toEqual({ own: [] });
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });
});

test('hostile texts came back from many places, so that the suite would notice a changed one', () => {
  expect(givenBack.size).toBeGreaterThan(150);
});

/** Texts that came back otherwise than they were sent; blanks around a name may be gone. */
function changedTexts(data: unknown, sent: readonly string[]): string[] {
  return textsIn(data).filter((text) => {
    const mark = markPattern.exec(text)?.[0];
    return mark !== undefined && !sent.some((one) => one.startsWith(mark) && text.includes(one.trim()));
  });
}
