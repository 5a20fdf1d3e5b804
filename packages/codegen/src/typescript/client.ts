import { notice } from '../files.ts';
import type { Model, Operation, OperationError } from '../model.ts';
import { sampleInput } from '../sample.ts';
import { docComment } from './doc-comment.ts';
import { lineWidth, propertyName, valueLiteral } from './literal.ts';
import { inputTypeName } from './models.ts';
import { typeText } from './types.ts';

/** The client: a method for every operation. */
export function clientFile(model: Model): string {
  const sections = model.sections.map(({ tag, operations }) => {
    const methods = operations.map((operation) => methodText(model, operation));
    return `  // ${tag}\n\n${methods.join('\n')}`;
  });
  const isPaged = model.operations.some(({ paging }) => paging !== undefined);
  return `// ${notice}
import { ManagementCalls } from '../management-calls.ts';
import type { CallOptions } from '../options.ts';
${isPaged ? "import type { PagedAnswer } from '../paged-answer.ts';\n" : ''}import type * as Models from './models/index.ts';
import { operations } from './operations.ts';

/**
 * Administers a user pool, from a server: its access key must not reach a browser.
 *
 * Every method takes its input as one object and answers the envelope, \`{ statusCode, message, requestId, data }\`. Look at
 * \`statusCode\` before \`data\`, or have every failure thrown (\`throwOnError\`).
 *
 * @example
 * import { ManagementClient } from 'genauth';
 *
 * const client = new ManagementClient({
 *   host: 'http://127.0.0.1:3000',
 *   accessKeyId: 'the id of your user pool',
 *   accessKeySecret: 'its secret',
 * });
 */
export class ManagementClient extends ManagementCalls {
${sections.join('\n')}}
`;
}

/** What the runtime has to know of each operation. */
export function operationsFile(model: Model): string {
  return `// ${notice}
import type { Operation } from '../call.ts';

/** Where each operation is, and how it may be called. */
export const operations = {
${model.operations.map(operationText).join('')}} satisfies Record<string, Operation>;
`;
}

function operationText({ name, method, path, idempotent, paging }: Operation): string {
  const description = {
    name,
    method,
    path,
    repeatable: idempotent,
    ...(paging === undefined ? {} : { paging: { at: paging.at, limit: paging.defaultLimit } }),
  };
  const start = `  ${propertyName(name)}: `;
  return `${start}${valueLiteral(description, lineWidth - start.length - 1, '  ')},\n`;
}

function methodText(model: Model, operation: Operation): string {
  const { name, paging } = operation;
  const method = paging === undefined ? 'call' : 'list';
  return `${methodComment(model, operation)}${signature(operation)} {
    return this.${method}(operations.${name}, input, options);
  }
`;
}

function signature(operation: Operation): string {
  const { name, fields, answerName, paging } = operation;
  const typeName = inputTypeName(operation);
  const type = typeName === undefined ? 'Record<string, never>' : `Models.${typeName}`;
  const input = `input: ${type}${fields.some(({ required }) => required) ? '' : ' = {}'}`;
  const answer = `Models.${answerName}`;
  const returned =
    paging === undefined
      ? `Promise<${answer}>`
      : `PagedAnswer<${answer}, ${typeText(paging.item, (reference) => `Models.${reference}`)}>`;
  const line = `  ${name}(${input}, options?: CallOptions): ${returned}`;
  if (line.length + 2 <= lineWidth) return line;
  return `  ${name}(\n    ${input},\n    options?: CallOptions,\n  ): ${returned}`;
}

function methodComment(model: Model, operation: Operation): string {
  const { summary, description, permission, errors, deprecated, method, path } = operation;
  return docComment(
    [
      summary.en,
      description.en,
      `\`${method} ${path}\`${permission === 'public' ? '' : `, permission \`${permission}\``}`,
      errors.length === 0 ? '' : `Fails with:\n${errors.map(errorText).join('\n')}`,
      [...(deprecated ? ['@deprecated'] : []), '@example', ...exampleText(model, operation).split('\n')],
    ],
    '  ',
  );
}

function errorText({ statusCode, apiCode, message }: OperationError): string {
  return `- ${statusCode}${apiCode === undefined ? '' : ` (apiCode ${apiCode})`}: ${message.en}`;
}

/** A call as one would write it; the tests run every one of them. */
function exampleText(model: Model, operation: Operation): string {
  const { name, payload, paging } = operation;
  const start = `const ${payload === undefined ? '{ statusCode, message }' : '{ data }'} = await client.${name}(`;
  const input = Object.fromEntries(sampleInput(model, operation));
  // Inside a comment: three columns are the indentation and the star.
  const room = lineWidth - 5 - start.length - 2;
  const given = Object.keys(input).length === 0 ? '' : valueLiteral(input, room);
  const call = `${start}${given});`;
  return paging === undefined
    ? call
    : `${call}\n\nfor await (const item of client.${name}(${given})) console.log(item);`;
}
