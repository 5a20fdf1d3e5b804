import { notice } from '../files.ts';
import { type Field, type Model, type Operation, requireSchema, schemasWithin, type Type } from '../model.ts';
import { toKebabCase } from '../names.ts';
import { sampleAnswer, sampleInput } from '../sample.ts';
import { cell, code, fence, fieldWords, table, typeWords, valueWords } from './markdown.ts';
import type { SdkLanguage } from './sdk-languages.ts';
import { type Locale, words } from './words.ts';

/** The page of one operation in one SDK's language and one language of the documentation. */
export function operationPage(
  model: Model,
  operation: Operation,
  order: number,
  language: SdkLanguage,
  locale: Locale,
): string {
  const say = (key: keyof typeof words): string => words[key][locale];
  const blocks = [
    frontMatter({ title: operation.title[locale], order, method: language.methodName(operation) }),
    [`# ${operation.summary[locale]}`],
    [`> ${say('notice')} [${say('tryIt')}](/api/#${operation.name})`],
    operation.deprecated ? [`**${say('deprecated')}**`] : [],
    [operation.description[locale]],
    [
      `- ${say('http')}: \`${operation.method} ${operation.path}\``,
      `- ${say('permission')}: ${operation.permission === 'public' ? say('noCredential') : code(operation.permission)}`,
    ],
    [`## ${say('methodName')}`],
    [`\`ManagementClient.${language.methodName(operation)}\``],
    [`## ${say('requestParameters')}`],
    requestParameters(operation, language, locale),
    [`## ${say('sampleCode')}`],
    fence(language.code, language.sample(model, operation, sampleInput(model, operation))),
    [`## ${say('requestResponse')}`],
    [`${say('type')}: \`${operation.answerName}\``],
    answerFields(model, operation, locale),
    [`### ${say('exampleResults')}`],
    fence('json', JSON.stringify(sampleAnswer(model, operation), null, 2)),
    ...dataStructures(model, operation, locale),
    [`## ${say('errors')}`],
    ...errors(operation, locale),
    ...events(operation, locale),
  ];
  return toText(blocks);
}

/** What a page says about itself, for menus. The notice stands here because front matter must come first. */
export function frontMatter(values: Readonly<Record<string, string | number>>): string[] {
  const lines = Object.entries(values).map(([name, value]) => `${name}: ${value}`);
  return ['---', `# ${notice}`, ...lines, '---'];
}

/** Blocks of lines, with a blank line between. Empty ones are left out. */
export function toText(blocks: readonly (readonly string[])[]): string {
  const filled = blocks.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** The last part of an operation's address. */
export function operationSlug({ name }: Operation): string {
  return toKebabCase(name);
}

function requestParameters(operation: Operation, language: SdkLanguage, locale: Locale): string[] {
  const { fields } = operation;
  if (fields.length === 0) return [words.noParameters[locale]];
  const ordered = [...fields.filter(({ required }) => required), ...fields.filter(({ required }) => !required)];
  const rows = ordered.flatMap((field) => withInnerFields(field, parameterName(operation, field, language)));
  const head = ['name', 'type', 'required', 'defaultValue', 'description', 'sampleValue'] as const;
  return table(
    head.map((key) => words[key][locale]),
    rows.map(({ name, field }) => [
      name,
      typeWords(field.type, { withNull: false }),
      words[field.required ? 'yes' : 'no'][locale],
      valueWords(field.default),
      fieldWords(field, locale),
      valueWords(field.example),
    ]),
  );
}

/** A field, and those of an object without a name below it: `options.pagination.page`. */
function withInnerFields(field: Field, name = code(field.name)): { name: string; field: Field }[] {
  const type = field.type.kind === 'array' ? field.type.items : field.type;
  if (type.kind !== 'object') return [{ name, field }];
  const prefix = field.name + (type === field.type ? '' : '[]');
  const inner = type.fields.map((one) => ({ ...one, name: `${prefix}.${one.name}` }));
  return [{ name, field }, ...inner.flatMap((one) => withInnerFields(one))];
}

/** The published name; behind it what the language's caller writes, where that differs. */
function parameterName(operation: Operation, field: Field, { parameterName: inLanguage }: SdkLanguage): string {
  const own = inLanguage?.(operation, field) ?? field.name;
  return own === field.name ? code(own) : `${code(field.name)} ${code(own)}`;
}

function answerFields(model: Model, { answerName }: Operation, locale: Locale): string[] {
  const head = ['name', 'type', 'description'] as const;
  return table(
    head.map((key) => words[key][locale]),
    requireSchema(model, answerName)
      .fields.flatMap((field) => withInnerFields(field))
      .map(({ name, field }) => [
        name,
        typeWords(field.type, { withNull: true }),
        // A payload of a named type brings no words of its own.
        fieldWords(field, locale) || words.payload[locale],
      ]),
  );
}

/** Every named schema that the input or the payload mentions, once, until there are only primitives. */
function dataStructures(model: Model, { fields, payload }: Operation, locale: Locale): string[][] {
  const names = new Set<string>();
  const types: Type[] = [...fields.map(({ type }) => type), ...(payload === undefined ? [] : [payload])];
  for (const type of types) schemasWithin(model, type, names);
  if (names.size === 0) return [];
  return [
    [`## ${words.dataStructure[locale]}`],
    ...[...names].flatMap((name) => [[`### ${name}`], ...dataStructure(model, name, locale)]),
  ];
}

function dataStructure(model: Model, name: string, locale: Locale): string[][] {
  const { description, fields, type } = requireSchema(model, name);
  const introduction = description[locale] === '' ? [] : [description[locale]];
  if (type.kind !== 'object') return [introduction, [typeWords(type, { withNull: true })]];
  const head = ['name', 'type', 'always', 'description', 'example'] as const;
  const rows = fields
    .flatMap((field) => withInnerFields(field))
    .map(({ name: path, field }) => [
      path,
      typeWords(field.type, { withNull: true }),
      words[field.required ? 'yes' : 'no'][locale],
      fieldWords(field, locale),
      valueWords(field.example),
    ]);
  return [
    introduction,
    table(
      head.map((key) => words[key][locale]),
      rows,
    ),
  ];
}

function errors({ errors: own }: Operation, locale: Locale): string[][] {
  if (own.length === 0) return [[words.noErrors[locale]]];
  return [
    [words.errorsIntroduction[locale]],
    table(
      ['statusCode', 'apiCode', words.code[locale], words.message[locale]],
      own.map(({ statusCode, apiCode, code: name, message }) => [
        String(statusCode),
        apiCode === undefined ? '-' : String(apiCode),
        code(name),
        cell(message[locale]),
      ]),
    ),
  ];
}

function events({ events: own }: Operation, locale: Locale): string[][] {
  if (own.length === 0) return [];
  return [
    [`## ${words.events[locale]}`],
    [words.eventsIntroduction[locale]],
    table(
      [words.event[locale], words.webhook[locale], words.topic[locale]],
      own.map(({ name, webhook, topic }) => [code(name), valueWords(webhook), valueWords(topic)]),
    ),
  ];
}
