/**
 * Schemathesis, the fuzzer of the field, reads the published document and calls every operation with what it allows and
 * with what it does not. What the derived suites ask from our own declarations is asked here by somebody else's program.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { publishedClient, schemathesis } from '../../../../../scripts/published-clients.ts';
import { requestErrors } from '../../platform/errors.ts';
import type { ImplementedOperation } from '../../platform/module.ts';
import { sampleInput } from '../sample-input.ts';
import { type SampleWorld, sampleWorld } from '../sample-world.ts';
import { testServer } from '../server.ts';

const program = publishedClient(schemathesis);
const title = program.ready ? '' : ` (skipped: ${program.reason})`;
const published = fileURLToPath(new URL('../../../../../openapi/', import.meta.url));

/** Inputs per operation beside the ones it always tries. `FUZZING_EXAMPLES=500 npx vitest run schemathesis` is the long form. */
const examples = Number(process.env['FUZZING_EXAMPLES'] ?? 8);

/** What Schemathesis tries: everything, or no more than the sample of each operation. */
type Extent = 'everything' | 'samples';

const configurationOf = (extent: Extent) => `
continue-on-failure = true
[generation]
deterministic = true
max-examples = ${examples}
# Refused everywhere, which the derived suites see to.
allow-x00 = false
[phases.coverage.generation]
# What is wrong in one place is the derived suites' too.
mode = "positive"
[phases.coverage]
enabled = ${extent === 'everything'}
operation-ordering = "none"
[phases.examples]
operation-ordering = "none"
[phases.fuzzing]
enabled = ${extent === 'everything'}
[phases.stateful]
enabled = false
`;

const folder = await mkdtemp(join(tmpdir(), 'genauth-fuzzing-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Written by checks.py. */
interface Report {
  readonly statuses: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly problems: readonly string[];
}

/** Refusals that a schema of single fields cannot say; the descriptions of the operations do. */
const betweenFields: readonly RegExp[] = [
  // `custom_field` wants `key:value` there.
  /refused, .*: Parameter (userIds?|departmentIds?|parentDepartmentId)(\.\d+)? is malformed[\s\S]*custom_field/,
  // Fifty long ids make a query that is longer than headers may be.
  /^GET [^:]*-batch: HTTP 431 /,
  /refused, .*: departmentId or departmentCode should not be empty/,
  /refused, .*: Parameter username, email, phone, externalId is malformed/,
  /get-department: refused, .*: organizationCode should not be empty[\s\S]*departmentCode/,
  // What a value may be depends on its field.
  /refused, .*: (Parameter )?advancedFilter\.\d+\.value/,
  // A number is one of its country.
  /refused, .*: Parameter (list\.\d+\.)?phone is malformed/,
  // An encrypted password is one of its encryption and may be long, one in clear has 1024 characters at most.
  /refused, .*: Parameter (list\.\d+\.)?password is malformed/,
  // A role ends after it begins.
  /assign-role(-batch)?: refused, .*: Parameter endTime is malformed/,
  // In a query, no text is no value.
  /GET .*: refused, .*: (\w+) should not be empty[\s\S]*[?&]\1=[&']/,
  // A rule is as deep as one likes, and only a dynamic group has one.
  /(create|update)-groups?(-batch)?: refused, .*\brule\b/,
  // Names or objects, as deep as one likes.
  /create-department-tree: refused, .*: (Parameter )?children\.0/,
];

/** Of operations whose samples others spoil. When it becomes too few, look at who spoils what before raising it. */
const maxSpoilt = 12;

interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly schema: { readonly examples?: unknown } }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> };
  readonly 'x-kind': string;
}

type Paths = Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;

interface Document {
  readonly paths: Paths;
  readonly components: { readonly schemas: object };
}

/** All published documents as one. */
async function publishedDocument(): Promise<Document> {
  const files = (await readdir(published)).filter((file) => file.endsWith('.json'));
  const documents: Document[] = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(published, file), 'utf8'))),
  );
  const schemas = Object.assign({}, ...documents.map(({ components }) => components.schemas));
  return Object.assign({}, ...documents, {
    paths: Object.assign({}, ...documents.map(({ paths }) => paths)),
    components: { schemas },
  });
}

/** The published documents, with a valid call of each operation as its example, for some of the operations. */
async function documentOf(
  operations: readonly ImplementedOperation[],
  world: SampleWorld,
  belongs: (path: string, operation: DocumentedOperation) => boolean,
): Promise<object> {
  const document = await publishedDocument();
  const samples = new Map(operations.map((one) => [one.name, sampleInput(one, world)]));
  const inOrder = Object.entries(document.paths).sort(([a], [b]) => destruction(a) - destruction(b));
  const paths = inOrder.map(([path, methods]) => {
    const chosen = Object.entries(methods).filter(([, operation]) => belongs(path, operation));
    const withSamples = chosen.map(([method, operation]) => [
      method,
      withSample(operation, samples.get(operation.operationId) ?? {}),
    ]);
    return [path, Object.fromEntries(withSamples)] as const;
  });
  return closed({ ...document, paths: Object.fromEntries(paths.filter(([, methods]) => hasEntries(methods))) });
}

const hasEntries = (object: object): boolean => Object.keys(object).length > 0;

/** How much of a world a path takes away, by its verb: nothing, a part of a thing, or the thing. */
function destruction(path: string): number {
  const verbs = ['remove', 'revoke', 'unassign', 'cancel', 'kick', 'resign', 'transfer', 'archive', 'delete'];
  return verbs.findIndex((verb) => path.includes(`/${verb}`)) + 1;
}

/** One after the other, each in a world of its own: what one destroys another would look for in vain. */
const groups: Readonly<Record<string, (path: string, operation: DocumentedOperation) => boolean>> = {
  reading: (_path, operation) => operation['x-kind'] !== 'command',
  writing: (path, operation) => operation['x-kind'] === 'command' && destruction(path) === 0,
  destroying: (path, operation) => operation['x-kind'] === 'command' && destruction(path) > 0,
};

/**
 * The same, with nothing in an object that its schema does not name: an answer has no more than is declared, and input is
 * not made of unknown fields, which are dropped unread.
 */
function closed<Part>(part: Part): Part {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(closed) as Part;
  const inner = Object.fromEntries(Object.entries(part).map(([name, one]) => [name, closed(one)]));
  const isObject = inner['type'] === 'object' && typeof inner['properties'] === 'object';
  return { ...(isObject ? { additionalProperties: false } : {}), ...inner } as Part;
}

function withSample(operation: DocumentedOperation, sample: Readonly<Record<string, unknown>>): DocumentedOperation {
  const { parameters, requestBody } = operation;
  const media = requestBody?.content['application/json'];
  return {
    ...operation,
    ...(parameters === undefined
      ? {}
      : {
          // An example that belongs to no sample would be mixed with those that do.
          parameters: parameters.map(({ schema: { examples: _documented, ...schema }, ...one }) => ({
            ...one,
            schema: one.name in sample ? { ...schema, examples: [sample[one.name]] } : schema,
          })),
        }),
    ...(media === undefined
      ? {}
      : { requestBody: { ...requestBody, content: { 'application/json': { ...media, example: sample } } } }),
  };
}

/** An operation as checks.py calls it. */
function pathOf({ operation }: ImplementedOperation): string {
  return `${operation.method} ${operation.path}`;
}

/** Runs Schemathesis over a document and answers what checks.py wrote down. */
async function fuzz(name: string, document: object, world: SampleWorld, extent: Extent): Promise<Report> {
  const at = (file: string) => join(folder, `${name}-${file}`);
  await writeFile(at('document.json'), JSON.stringify(document));
  await writeFile(
    at('world.json'),
    JSON.stringify({
      // Renamed to what it is called, so that the next call finds it.
      values: { ...world.values, organizationNewCode: world.values['organizationCode'] },
      fieldMissing: requestErrors.fieldMissing.declaration.message,
      fieldMalformed: requestErrors.fieldMalformed.declaration.message,
    }),
  );
  await writeFile(at('schemathesis.toml'), configurationOf(extent));
  const child = spawn(
    schemathesis.program,
    [
      ...['--config-file', at('schemathesis.toml'), 'run', at('document.json'), '--url', world.pool.server.origin],
      ...['--header', `authorization: ${await world.pool.token()}`, '--checks', 'answers_as_declared'],
      // One after the other, where the order of things matters.
      ...['--workers', name === 'destroying' || extent === 'samples' ? '1' : '2', '--no-color', '--warnings', 'off'],
    ],
    {
      cwd: folder,
      env: {
        ...process.env,
        SCHEMATHESIS_HOOKS: fileURLToPath(new URL('checks.py', import.meta.url)),
        FUZZING_WORLD: at('world.json'),
        FUZZING_DOCUMENT: at('document.json'),
        FUZZING_REPORT: at('report.json'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  expect(code, output).toBe(0);
  return JSON.parse(await readFile(at('report.json'), 'utf8'));
}

test.skipIf(!program.ready)(
  `every operation answers Schemathesis within its declaration${title}`,
  { timeout: 600_000 },
  async () => {
    const server = await testServer();
    const operations = server.composition.modules.flatMap((module) => module.operations);
    const reports: Report[] = [];
    const run = async (name: string, belongs: Parameters<typeof documentOf>[2], extent: Extent) => {
      const world = await sampleWorld(server);
      reports.push(await fuzz(name, await documentOf(operations, world, belongs), world, extent));
    };
    const neverRight = () =>
      operations.filter((one) => reports.every(({ statuses }) => !('200' in (statuses[pathOf(one)] ?? {}))));

    for (const [name, belongs] of Object.entries(groups)) await run(name, belongs, 'everything');
    // Random calls spoil the samples of others: a user is deleted before he is to be transferred, a name is taken before it
    // is given. Those operations have their samples tried again, in a world that nobody but they have been in; and those that
    // spoil each other's, again. The first in each round is alone in its world, so every round has one that succeeds.
    const spoilt = neverRight();
    expect(spoilt.length, spoilt.map(({ name }) => name).join(', ')).toBeLessThanOrEqual(maxSpoilt);
    for (let [round, left, before] = [1, spoilt, Infinity]; left.length > 0 && left.length < before; round++) {
      const names = new Set(left.map(({ name }) => name));
      await run(`again-${round}`, (_path, { operationId }) => names.has(operationId), 'samples');
      before = left.length;
      left = neverRight();
    }

    const problems = reports.flatMap((report) => report.problems);
    expect(problems.filter((problem) => !betweenFields.some((known) => known.test(problem)))).toEqual([]);
    // Every operation has succeeded, or nobody looked at its answer.
    expect(neverRight().map((one) => [one.name, ...reports.map(({ statuses }) => statuses[pathOf(one)])])).toEqual([]);
  },
);
