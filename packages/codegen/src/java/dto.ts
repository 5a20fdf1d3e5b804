import { notice } from '../files.ts';
import type { Field } from '../model.ts';
import { constantName, type JavaType, javaType, propertyName, variableName } from './names.ts';
import { html, javadoc, stringLiteral } from './text.ts';

export const dtoPackage = 'ai.genauth.sdk.java.dto';

/** A class to be written: an object of the wire. */
export interface Dto {
  readonly name: string;
  readonly words: string;
  readonly fields: readonly Field[];
  /** Whether its fields are the parameters of a GET. */
  readonly isQuery: boolean;
}

interface Property {
  readonly field: Field;
  readonly type: JavaType;
  readonly property: string;
  readonly variable: string;
}

/** The class of a DTO. */
export function dtoClass({ name, words, fields, isQuery }: Dto): string {
  const properties = fields.map((field) => ({
    field,
    type: javaType(field, isQuery),
    property: propertyName(field.name),
    variable: variableName(field.name),
  }));
  const body = [
    ...properties.map(declaration),
    ...properties.flatMap((property) => [getter(property), ...setters(property, isQuery)]),
    ...properties.map(({ type }) => (type.enumeration === undefined ? [] : enumeration(type.enumeration))),
  ].filter((lines) => lines.length > 0);
  const text = body.map((lines) => lines.join('\n')).join('\n\n');
  return `${[
    `// ${notice}`,
    `package ${dtoPackage};`,
    '',
    ...importsFor(text),
    ...(words === '' ? [] : javadoc([html(words)], '')),
    `public class ${name} extends Dto {`,
    ...(text === '' ? [] : [text]),
    '}',
  ].join('\n')}\n`;
}

const importable: readonly (readonly [word: RegExp, name: string])[] = [
  [/@Secret\b/, 'ai.genauth.sdk.java.util.Secret'],
  [/@JsonIgnore\b/, 'com.fasterxml.jackson.annotation.JsonIgnore'],
  [/@JsonProperty\b/, 'com.fasterxml.jackson.annotation.JsonProperty'],
  [/@JsonValue\b/, 'com.fasterxml.jackson.annotation.JsonValue'],
  [/\bArrays\./, 'java.util.Arrays'],
  [/\bList</, 'java.util.List'],
  [/\bMap</, 'java.util.Map'],
];

function importsFor(text: string): string[] {
  const names = importable.filter(([word]) => word.test(text)).map(([, name]) => `import ${name};`);
  return names.length === 0 ? [] : [...names, ''];
}

function declaration({ field, type, variable }: Property): string[] {
  return [
    `    @JsonProperty(${stringLiteral(field.name)})`,
    ...(field.secret ? ['    @Secret'] : []),
    `    private ${type.text} ${variable};`,
  ];
}

function getter({ field, type, property, variable }: Property): string[] {
  return [
    ...comment(field, []),
    ...explicitName(property, variable, field),
    `    public ${type.text} get${property}() {`,
    `        return ${variable};`,
    '    }',
  ];
}

function setters({ field, type, property, variable }: Property, isQuery: boolean): string[][] {
  const plain = [
    ...comment(field, givenWords(field)),
    ...explicitName(property, variable, field),
    `    public void set${property}(${type.text} ${variable}) {`,
    `        this.${variable} = ${variable};`,
    '    }',
  ];
  const from = (parameter: string, words: string, expression: string, taken = 'String'): string[] => [
    ...javadoc([words], '    '),
    '    @JsonIgnore',
    `    public void set${property}(${taken} ${parameter}) {`,
    `        this.${variable} = ${expression};`,
    '    }',
  ];
  if (type.enumeration?.name === type.text) {
    return [plain, from(variable, 'The same by its text on the wire.', `${type.text}.of(${variable})`)];
  }
  if (isQuery && type.text === 'List<String>') {
    return [plain, from('commaSeparated', 'The same as one text.', 'Arrays.asList(commaSeparated.split(","))')];
  }
  if (type.text === 'Long') {
    const widened = `${variable} == null ? null : Long.valueOf(${variable})`;
    return [plain, from(variable, 'The same for numbers that an Integer can hold.', widened, 'Integer')];
  }
  return [plain];
}

/** Jackson derives a name from a getter by its own rules; where that is not the variable's, it is told. */
function explicitName(property: string, variable: string, field: Field): string[] {
  const derived = property.replace(/^[A-Z]+/, (capitals) => capitals.toLowerCase());
  return derived === variable ? [] : [`    @JsonProperty(${stringLiteral(field.name)})`];
}

function comment({ description, deprecated }: Field, more: readonly string[]): string[] {
  const words = [
    ...(description.en === '' ? [] : [sentence(html(description.en))]),
    ...(deprecated ? ['Deprecated.'] : []),
    ...more,
  ];
  return words.length === 0 ? [] : javadoc([words.join(' ')], '    ');
}

function givenWords({ required, default: fallback }: Field): string[] {
  if (required) return ['Required.'];
  return fallback === undefined || fallback === null ? [] : [`{@code ${JSON.stringify(fallback)}} unless set.`];
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function enumeration({ name, values }: { readonly name: string; readonly values: readonly string[] }): string[] {
  return [
    `    public enum ${name} {`,
    ...values.map((value, index) => {
      const end = index === values.length - 1 ? ';' : ',';
      return `        ${constantName(value)}(${stringLiteral(value)})${end}`;
    }),
    '',
    '        private final String value;',
    '',
    `        ${name}(String value) {`,
    '            this.value = value;',
    '        }',
    '',
    '        @JsonValue',
    '        public String getValue() {',
    '            return value;',
    '        }',
    '',
    `        static ${name} of(String value) {`,
    `            for (${name} one : values()) {`,
    '                if (one.value.equals(value)) {',
    '                    return one;',
    '                }',
    '            }',
    '            throw new IllegalArgumentException("not one of " + Arrays.toString(values()) + ": " + value);',
    '        }',
    '    }',
  ];
}
