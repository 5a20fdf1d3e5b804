import * as z from 'zod';

/** What a reader of the reference sees beside a field: its meaning in both languages and one sample value. */
export function doc(english: string, chinese: string, example?: unknown) {
  return {
    description: english,
    'x-description-zh-CN': chinese,
    ...(example === undefined ? {} : { examples: [example] }),
  };
}

/**
 * Declares a named schema: the name is the DTO's name on the wire, in the document and in every SDK.
 * Unknown properties are dropped, not refused: published clients send fields of other versions.
 */
export function dto<Shape extends z.ZodRawShape>(name: string, shape: Shape) {
  return z.object(shape).meta({ id: name });
}

/** A field clients may set but nobody may read back: kept out of audit rows and logs. */
export function secret<Schema extends z.ZodType>(schema: Schema) {
  return schema.meta({ ...schema.meta(), writeOnly: true });
}

/** Ids of everything the server makes: 24 lower-case hex digits. */
export const objectIdPattern = /^[0-9a-f]{24}$/;

/** Codes: letters, digits, `-` and `_`. */
export const codePattern = /^[A-Za-z0-9_-]+$/;

/** The page and limit of a paged list. `limit` is 1 to 50, as in V3. */
export const paging = {
  page: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .meta(doc('Page number, from 1', '当前页数，从 1 开始', 1)),
  limit: z
    .int()
    .min(1)
    .max(50)
    .default(10)
    .meta(doc('Items per page, at most 50', '每页数目，最大不能超过 50，默认为 10', 10)),
};

/** `{totalCount, list}`, the payload of a paged list. */
export function pageOf<Item extends z.ZodType>(name: string, item: Item) {
  return dto(name, {
    totalCount: z.int().meta(doc('Number of all items', '记录总数', 1)),
    list: z.array(item).meta(doc('Items of this page', '响应数据')),
  });
}

const LangUnit = dto('LangUnit', {
  enabled: z
    .boolean()
    .default(false)
    .meta(doc('Whether the translation is shown', '是否已开启', false)),
  value: z
    .string()
    .max(255)
    .meta(doc('Translated text', '多语言内容', 'English')),
});

const LangObject = dto('LangObject', {
  'zh-CN': LangUnit.optional().meta(doc('Simplified Chinese', '简体中文', { enabled: false, value: '中文' })),
  'en-US': LangUnit.optional().meta(doc('English', '英文', { enabled: false, value: 'English' })),
  'zh-TW': LangUnit.optional().meta(doc('Traditional Chinese', '繁体中文', { enabled: false, value: '繁體中文' })),
  'ja-JP': LangUnit.optional().meta(doc('Japanese', '日文', { enabled: false, value: '日本語' })),
});

/** One text in several languages. Sent whole: an update replaces the stored object. */
export const multiLanguage = LangObject;

/** `{success: true}`, the answer of most commands. */
export const IsSuccessDto = dto('IsSuccessDto', {
  success: z.boolean().meta(doc('Whether the operation succeeded', '操作是否成功', true)),
});
