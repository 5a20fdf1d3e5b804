import * as z from 'zod';
import type { Language } from './errors.ts';
import type { Operation } from './operation.ts';
import { doc } from './schema.ts';

/** The answer of every V3 operation. `apiCode` is there on failures only, `data` on successes that have a payload. */
export interface Envelope {
  readonly statusCode: number;
  readonly message: string;
  readonly apiCode?: number;
  readonly requestId: string;
  readonly data?: unknown;
}

/** The success message: the live service answers zh-CN callers with an empty text. */
export const successMessage: Readonly<Record<Language, string>> = { 'en-US': 'Success', 'zh-CN': '' };

const fields = {
  statusCode: z
    .int()
    .meta(
      doc('200 means success; anything else is a failure', '业务状态码，200 表示操作成功，非 200 表示操作失败', 200),
    ),
  message: z.string().meta(doc('Description of the result', '描述信息', 'Success')),
  apiCode: z
    .int()
    .optional()
    .meta(doc('Finer error code, on some failures', '细分错误码，可通过此错误码得到具体的错误类型（成功请求不返回）')),
  requestId: z
    .string()
    .optional()
    .meta(doc('Id of the request, for support', '请求 ID', '934108e5-9fbf-4d24-8da1-c330328abd6c')),
};

/** Fields of a payload that stands at the top, too: any may be missing, for a failure has none. */
function topFields(payload: z.ZodObject): z.ZodRawShape {
  const fields = Object.entries(payload.shape).map(([name, schema]) => {
    const field = schema instanceof z.ZodArray ? z.string().meta(schema.meta() ?? {}) : schema;
    return [name, z.optional(field)];
  });
  return Object.fromEntries(fields);
}

/** What of a payload stands at the top of the answer. */
export function atTopOf({ hasPayloadAtTop = false }: Operation, payload: unknown): Readonly<Record<string, unknown>> {
  if (!hasPayloadAtTop || typeof payload !== 'object' || payload === null) return {};
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}

const envelopes = new Map<string, { schema: z.ZodObject; payload: z.ZodType | undefined }>();

/** The schema of an operation's whole answer, named as the operation declares it. Operations may share one. */
export function envelopeOf({
  answer,
  output,
  hasPayloadAtTop = false,
  hasPayloadOnlyAtTop = false,
}: Operation): z.ZodObject {
  // A payload that may be null has the same envelope as one that may not: that is how the published clients know it.
  const payload = output instanceof z.ZodNullable ? (output.unwrap() as z.ZodType) : output;
  const known = envelopes.get(answer);
  if (known !== undefined) {
    if (known.payload !== payload) throw new Error(`${answer} is declared with two different payloads`);
    return known.schema;
  }
  if (hasPayloadOnlyAtTop && payload instanceof z.ZodObject) {
    const schema = z.object({ ...fields, ...payload.shape }).meta({ id: answer });
    envelopes.set(answer, { schema, payload });
    return schema;
  }
  // A named schema with further words would be a second schema of that name.
  const data = payload?.meta()?.id === undefined ? payload?.meta(doc('Payload', '响应数据')) : payload;
  const atTop = hasPayloadAtTop && payload instanceof z.ZodObject ? topFields(payload) : {};
  const schema = z.object(data === undefined ? fields : { ...atTop, ...fields, data }).meta({ id: answer });
  envelopes.set(answer, { schema, payload });
  return schema;
}
