import { describe, expect, test } from 'vitest';
import { type Operation, readModel, requireSchema, schemasWithin } from './model.ts';
import { sampleAnswer, sampleInput } from './sample.ts';
import { libraryModel, libraryText } from './testing/library.ts';

const model = libraryModel();

function operation(name: string): Operation {
  const found = model.operations.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

function field(schema: string, name: string) {
  return requireSchema(model, schema).fields.find((one) => one.name === name);
}

describe('operations', () => {
  test('come in the order of the menus, by section', () => {
    expect(model.sections.map(({ tag, operations }) => [tag, operations.map(({ name }) => name)])).toEqual([
      ['Shelves', ['createShelf', 'listShelves']],
      ['Shelf Content', ['addBooks', 'findBooks']],
    ]);
  });

  test('carry their words in both languages, their errors and their events', () => {
    expect(operation('addBooks')).toMatchObject({
      title: { en: 'Add Books', zh: '添加图书' },
      pythonName: 'add_books',
      permission: 'shelf:AddBook',
      inputName: 'AddBooksReqDto',
      answerName: 'IsSuccessRespDto',
      payload: { kind: 'ref', name: 'IsSuccessDto' },
      errors: [
        { code: 'shelf.not_found', statusCode: 404, apiCode: 4040, message: { en: 'Shelf {shelfId} not found' } },
      ],
      events: [{ name: 'shelf.book.added', webhook: 'shelf:book-added' }],
    });
  });

  test('say the name that Python has for them', () => {
    expect(operation('listShelves').pythonName).toBe('list_all_shelves');
  });

  test('may be repeated unasked when they read, add, set, update, remove or delete, and not when they create', () => {
    const repeatable = model.operations.filter(({ idempotent }) => idempotent).map(({ name }) => name);
    expect(repeatable).toEqual(['listShelves', 'addBooks', 'findBooks']);
  });

  test('are paged where the input has a page, at the top or below options.pagination', () => {
    expect(operation('listShelves').paging).toMatchObject({ at: [], defaultLimit: 20, item: { name: 'ShelfDto' } });
    expect(operation('findBooks').paging).toMatchObject({ at: ['options', 'pagination'], item: { name: 'BookDto' } });
    expect(operation('addBooks').paging).toBeUndefined();
  });

  test('without a place in the menus keep the order of the document', () => {
    const paths = JSON.parse(libraryText().replaceAll(/,\s*"x-order": \d/g, ''));
    expect(readModel(paths).operations.map(({ name }) => name)).toEqual([
      'addBooks',
      'createShelf',
      'findBooks',
      'listShelves',
    ]);
  });
});

describe('fields', () => {
  test('that may be null take words and limits from the type that they are declared with', () => {
    expect(field('CreateShelfReqDto', 'floor')).toEqual({
      name: 'floor',
      type: { kind: 'integer', nullable: true },
      required: false,
      description: { en: 'Floor it stands on', zh: '楼层' },
      example: 2,
      bounds: { minimum: 0, maximum: 9 },
      secret: false,
      deprecated: false,
    });
  });

  test('of every shape have a type', () => {
    expect(requireSchema(model, 'BookDto').fields.map(({ name, type }) => [name, type])).toEqual([
      ['title', { kind: 'string', nullable: false }],
      ['isbn-13', { kind: 'string', nullable: true }],
      ['sequels', { kind: 'array', items: { kind: 'ref', name: 'BookDto', nullable: false }, nullable: false }],
      [
        'rating',
        {
          kind: 'union',
          members: [
            { kind: 'number', nullable: false },
            { kind: 'string', nullable: false },
          ],
          nullable: true,
        },
      ],
      ['extra', { kind: 'map', values: { kind: 'any', nullable: false }, nullable: false }],
    ]);
  });

  test('do not state the limits of the number format', () => {
    expect(field('BookPaginatedRespDto', 'statusCode')?.bounds).toEqual({});
  });

  test('that are secret say so', () => {
    expect(field('CreateShelfReqDto', 'pin')?.secret).toBe(true);
  });
});

test('schemas within a type are found once, recursion included', () => {
  const found = schemasWithin(model, { kind: 'ref', name: 'BookPaginatedRespDto', nullable: false });
  expect([...found]).toEqual(['BookPaginatedRespDto', 'BookPagingDto', 'BookDto']);
});

describe('a sample', () => {
  test('of an input has what is required', () => {
    expect([...sampleInput(model, operation('addBooks'))]).toEqual([
      ['shelfId', '64f0c2a1b3d4e5f60718293a'],
      ['books', [{ title: 'Ulysses' }]],
    ]);
  });

  test('of an answer has every field, and of a schema within itself the first round', () => {
    expect(sampleAnswer(model, operation('findBooks'))).toEqual({
      statusCode: 200,
      data: {
        totalCount: 1,
        list: [{ title: 'Ulysses', 'isbn-13': '9780141182803', sequels: [], rating: 0, extra: {} }],
      },
    });
  });
});

test('what is not understood is refused with its place', () => {
  expect(() =>
    readModel({
      info: { title: 'x', version: '1', description: '' },
      components: { schemas: { A: { type: 'date' } } },
    }),
  ).toThrow('document/components/schemas/A is not a JSON Schema type');
});
