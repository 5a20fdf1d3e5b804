import type { Bounds, Model, Operation, Type } from '../model.ts';
import { sampleInput } from '../sample.ts';
import { type Parameter, parametersOf } from './parameters.ts';
import { broken, docstring, literal, wrap } from './text.ts';
import { annotation, type Mentions, optional } from './types.ts';

/** The two clients differ in words, not in shape. */
export type Flavour = 'sync' | 'async';

const indent = '        ';

/** A method: signature, documentation, and the call. */
export function method(model: Model, operation: Operation, flavour: Flavour, mentions: Mentions): string[] {
  const parameters = parametersOf(operation);
  mentions.schemas.add(operation.answerName);
  const [define, wait] = flavour === 'sync' ? ['def', ''] : ['async def', 'await '];
  const signature =
    parameters.length === 0
      ? [`    ${define} ${operation.pythonName}(self) -> ${operation.answerName}:`]
      : [
          `    ${define} ${operation.pythonName}(`,
          `${indent}self,`,
          ...parameters.flatMap((parameter) => declaration(parameter, mentions)),
          `    ) -> ${operation.answerName}:`,
        ];
  return [
    ...signature,
    ...docstring(documentation(model, operation, parameters, wait), indent),
    ...call(operation, parameters, wait),
    `${indent}return answer`,
  ];
}

function declaration({ name, field, default: fallback }: Parameter, mentions: Mentions): string[] {
  const plain = annotation(field.type, mentions, true);
  const type = fallback === 'absent' ? optional(plain, mentions) : plain;
  const ending = { none: ',', absent: ' = None,', 'unless-required': ' = REQUIRED,' }[fallback];
  return broken(`${indent}${name}: `, type, ending);
}

function call(operation: Operation, parameters: readonly Parameter[], wait: string): string[] {
  const { method, path, idempotent, answerName, fields } = operation;
  const nameOf = new Map(parameters.map(({ name, field }) => [field, name]));
  const entries = fields.map((field) => `${indent}        ${literal(field.name)}: ${nameOf.get(field)},`);
  const values = entries.length === 0 ? ['{}'] : ['{', ...entries, `${indent}    }`];
  return [
    `${indent}answer: ${answerName} = ${wait}self._call(`,
    `${indent}    ${literal(method)},`,
    `${indent}    ${literal(path)},`,
    `${indent}    ${values.join('\n')},`,
    ...(idempotent ? [`${indent}    repeatable=True,`] : []),
    `${indent})`,
  ];
}

function documentation(model: Model, operation: Operation, parameters: readonly Parameter[], wait: string): string[] {
  const { summary, deprecated, errors, payload } = operation;
  const description = withParameterNames(operation.description.en, parameters);
  return [
    summary.en,
    ...section(description === summary.en ? [] : wrap(description, '')),
    ...section(deprecated ? ['Deprecated.'] : []),
    ...section(
      titled(
        'Args',
        parameters.flatMap((parameter) => parameterLines(parameter, parameters)),
      ),
    ),
    ...section([
      'Returns:',
      ...wrap(
        `The answer. Its \`statusCode\` is 200 when the call succeeded${payload === undefined ? '' : `, and \`data\` is ${payloadWords(payload)}`}.`,
        '    ',
      ),
    ]),
    ...section(
      titled(
        'Errors',
        errors.flatMap(({ code, statusCode, message }) => wrap(`${statusCode} ${code}: ${message.en}`, '    ', '    ')),
      ),
    ),
    ...section(['Example:', ...example(model, operation, parameters, wait)]),
  ];
}

function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines];
}

function parameterLines({ name, field }: Parameter, all: readonly Parameter[]): string[] {
  const words = [
    sentence(withParameterNames(field.description.en, all)),
    field.type.kind === 'enum' ? `One of ${field.type.values.map(literal).join(', ')}.` : '',
    boundsWords(field.bounds),
    field.default === undefined ? '' : `${literal(field.default)} unless given.`,
  ].filter((part) => part !== '');
  const given = `${name} (${typeWords(field.type)}${field.required ? '' : ', optional'})`;
  return wrap(words.length === 0 ? given : `${given}: ${words.join(' ')}`, '    ', '    ');
}

/** The contract speaks of fields by their names on the wire; here they are parameters. */
function withParameterNames(text: string, parameters: readonly Parameter[]): string {
  return text.replace(/`(\w+)`/g, (quoted, name: string) => {
    const parameter = parameters.find(({ field }) => field.name === name);
    return parameter === undefined ? quoted : `\`${parameter.name}\``;
  });
}

function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}

function boundsWords({ minItems, maxItems, minimum, maximum, maxLength }: Bounds): string {
  if (minItems !== undefined && maxItems !== undefined) return `${minItems} to ${maxItems} of them.`;
  if (maxItems !== undefined) return `At most ${maxItems} of them.`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}.`;
  return maxLength === undefined ? '' : `At most ${maxLength} characters.`;
}

function typeWords(type: Type): string {
  switch (type.kind) {
    case 'string':
      return 'str';
    case 'integer':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'enum':
      return typeof type.values[0] === 'string' ? 'str' : 'int';
    case 'array':
      return `list of ${typeWords(type.items)}`;
    case 'union':
      return type.members.map(typeWords).join(' | ');
    case 'ref':
      return type.name;
    case 'map':
    case 'object':
      return 'dict';
    case 'any':
      return 'any';
  }
}

function payloadWords(type: Type): string {
  return type.kind === 'array' ? `a ${typeWords(type)}` : typeWords(type);
}

function example(model: Model, operation: Operation, parameters: readonly Parameter[], wait: string): string[] {
  const { pythonName } = operation;
  const nameOf = new Map(parameters.map(({ name, field }) => [field.name, name]));
  const given = [...sampleInput(model, operation)].map(([field, value]) => `${nameOf.get(field)}=${literal(value)}`);
  if (given.length === 0) return [`    >>> ${wait}client.${pythonName}()`];
  return [`    >>> ${wait}client.${pythonName}(`, ...given.map((argument) => `    ...     ${argument},`), '    ... )'];
}
