import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraryModel } from '../testing/library.ts';
import { emitPython } from './emit.ts';
import { parametersOf } from './parameters.ts';
import { broken, docstring, literal, wrap } from './text.ts';

const model = libraryModel();
const files = emitPython(model);

// `vitest -u` writes these files; what it changed is to be read before it is committed.
test.each(files)('$path is as it was', async ({ path, text }) => {
  await expect(text).toMatchFileSnapshot(`golden/${basename(dirname(path))}-${basename(path)}.txt`);
});

test('the same model gives the same files', () => {
  expect(emitPython(libraryModel())).toEqual(files);
});

describe('parameters', () => {
  const field = (name: string, required: boolean) => ({
    name,
    required,
    type: { kind: 'string', nullable: false } as const,
    description: { en: '', zh: '' },
    bounds: {},
    secret: false,
    deprecated: false,
  });
  const [operation] = model.operations;
  if (operation === undefined) throw new Error('the library has operations');

  test('come in the order in which they were published, new ones last', () => {
    const fields = [field('withNews', false), field('tenantId', false), field('departmentId', true)];
    const parameters = parametersOf({ ...operation, pythonName: 'get_department_by_id', fields });
    expect(parameters.map(({ name }) => name)).toEqual(['department_id', 'tenant_id', 'with_news']);
  });

  test('that are required keep their place behind those that may be left out', () => {
    const fields = [field('organizationName', true), field('metadata', false)];
    const parameters = parametersOf({ ...operation, pythonName: 'create_organization', fields });
    expect(parameters.map(({ name, default: fallback }) => [name, fallback])).toEqual([
      ['metadata', 'absent'],
      ['organization_name', 'unless-required'],
    ]);
  });

  test('of operations that were never published come required ones first', () => {
    const fields = [field('class', false), field('userIds', true)];
    const parameters = parametersOf({ ...operation, pythonName: 'never_published', fields });
    expect(parameters.map(({ name }) => name)).toEqual(['user_ids', 'class_']);
  });
});

describe('text', () => {
  test('is wrapped where lines of a docstring end', () => {
    const lines = wrap('word '.repeat(40).trim(), '    ', '  ');
    expect(lines.every((line) => line.length <= 112)).toBe(true);
    expect(lines[1]).toMatch(/^ {6}word/);
  });

  test('cannot end its docstring', () => {
    expect(docstring(['a """ \\ b"'], '')).toEqual(['"""a \'\'\' \\\\ b"', '"""']);
  });

  test('is Python where it is a value', () => {
    expect(literal({ a: [true, null, 1.5], é: 'it\'s "x"\n' })).toBe(
      '{"a": [True, None, 1.5], "é": "it\'s \\"x\\"\\n"}',
    );
  });

  test('of a long type is opened at its brackets', () => {
    const values = Array.from({ length: 12 }, (_, index) => `"some_value_${index}"`).join(', ');
    const lines = broken('        kind: ', `Optional[Literal[${values}]]`, ' = None,');
    expect(lines.slice(0, 3)).toEqual([
      '        kind: Optional[',
      '            Literal[',
      '                "some_value_0",',
    ]);
    expect(lines.slice(-2)).toEqual(['            ]', '        ] = None,']);
  });
});
