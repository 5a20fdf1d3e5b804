import { type GeneratedFile, notice } from '../files.ts';
import type { Model, Operation } from '../model.ts';
import { sampleInput } from '../sample.ts';
import { type Dto, dtoClass, dtoPackage } from './dto.ts';
import { requestClass } from './names.ts';
import { RequestStatements } from './statements.ts';
import { html, javadoc, stringLiteral } from './text.ts';

const main = 'sdks/java/src/main/java/ai/genauth/sdk/java';
const tests = 'sdks/java/src/test/java/ai/genauth/sdk/java';

/** The Java client: a class with every operation, a class for each DTO, and a test that runs the documented samples. */
export function emitJava(model: Model): GeneratedFile[] {
  return [
    { path: `${main}/client/ManagementClient.java`, text: clientClass(model) },
    ...dtosOf(model).map((dto) => ({ path: `${main}/dto/${dto.name}.java`, text: dtoClass(dto) })),
    { path: `${tests}/client/SamplesTest.java`, text: samplesTest(model) },
  ];
}

/** The named schemas, and one class for the parameters of each GET. */
function dtosOf(model: Model): Dto[] {
  const dtos = new Map<string, Dto>();
  for (const { name, description, fields } of model.schemas.values()) {
    dtos.set(name, { name, words: description.en, fields, isQuery: false });
  }
  for (const operation of model.operations) {
    const name = operation.inputName === undefined ? requestClass(model, operation) : undefined;
    if (name === undefined) continue;
    const words = `Input of \`${operation.name}\`.`;
    const known = dtos.get(name);
    if (known !== undefined) throw new Error(`${operation.name}: the class ${name} is taken: ${known.words}`);
    dtos.set(name, { name, words, fields: operation.fields, isQuery: true });
  }
  return [...dtos.values()];
}

function clientClass(model: Model): string {
  return lines(
    `// ${notice}`,
    'package ai.genauth.sdk.java.client;',
    '',
    `import ${dtoPackage}.*;`,
    'import ai.genauth.sdk.java.model.ManagementClientOptions;',
    '',
    '/** Calls the management API. Threads may share a client. */',
    'public class ManagementClient extends BaseClient {',
    '    public ManagementClient(ManagementClientOptions options) {',
    '        super(options);',
    '    }',
    ...model.operations.flatMap((operation) => ['', ...method(model, operation)]),
    '}',
  );
}

function method(model: Model, operation: Operation): string[] {
  const request = requestClass(model, operation);
  const { name, answerName, path, idempotent, deprecated } = operation;
  const parameter = request === undefined ? '' : `${request} request`;
  const given = request === undefined ? 'null' : 'request';
  const repeating = idempotent ? 'Repeating.ALLOWED' : 'Repeating.FORBIDDEN';
  return [
    ...javadoc(documentation(model, operation), '    '),
    ...(deprecated ? ['    @Deprecated'] : []),
    `    public ${answerName} ${name}(${parameter}) {`,
    `        return call(${stringLiteral(operation.method)}, ${stringLiteral(path)}, ${given}, ${repeating}, ${answerName}.class);`,
    '    }',
  ];
}

function documentation(model: Model, operation: Operation): string[] {
  const { name, summary, description, errors, payload, deprecated, answerName } = operation;
  const { lines: statements } = new RequestStatements(model, operation, sampleInput(model, operation));
  const failures = errors.map(
    ({ code, statusCode, message }) => `  <li>${statusCode} {@code ${code}}: ${html(message.en)}</li>`,
  );
  return [
    `${html(summary.en)}.`,
    ...(description.en === summary.en ? [] : ['', `<p>${html(description.en)}`]),
    ...(failures.length === 0 ? [] : ['', '<p>Failures, by {@code statusCode}:', '<ul>', ...failures, '</ul>']),
    '',
    '<pre>{@code',
    ...statements,
    `${answerName} answer = client.${name}(${statements.length === 0 ? '' : 'request'});`,
    '}</pre>',
    '',
    ...(requestClass(model, operation) === undefined
      ? []
      : ['@param request the input; null is the same as an empty one']),
    `@return the answer; its {@code statusCode} is 200 when the call succeeded${payload === undefined ? '' : ', and it then carries {@code data}'}`,
    ...(deprecated ? ['@deprecated see the reference'] : []),
  ];
}

/** Runs what the documentation shows. The samples name nobody's things, so most answers are failures of a known kind. */
function samplesTest(model: Model): string {
  const classes = new Set<string>();
  const dtos = new Set<string>();
  const methods = model.operations.flatMap((operation) => {
    const request = new RequestStatements(model, operation, sampleInput(model, operation));
    for (const name of request.classes) classes.add(name);
    for (const name of request.dtos) dtos.add(name);
    const given = request.lines.length === 0 ? '' : 'request';
    return [
      '',
      '    @Test',
      ...(operation.deprecated ? ['    @SuppressWarnings("deprecation")'] : []),
      `    void ${operation.name}() {`,
      ...request.lines.map((line) => `        ${line}`),
      `        server.assertAnswered(${stringLiteral(operation.name)}, client.${operation.name}(${given}));`,
      '    }',
    ];
  });
  return lines(
    `// ${notice}`,
    'package ai.genauth.sdk.java.client;',
    '',
    ...['ai.genauth.sdk.java.TestServer', ...[...dtos].map((name) => `${dtoPackage}.${name}`), ...classes]
      .sort()
      .map((name) => `import ${name};`),
    'import org.junit.jupiter.api.Test;',
    '',
    '/** The samples of the documentation, run. */',
    'class SamplesTest {',
    '    private final TestServer server = TestServer.required();',
    '    private final ManagementClient client = server.client();',
    ...methods,
    '}',
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
