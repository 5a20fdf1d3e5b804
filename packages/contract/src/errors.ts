/** Languages the server speaks. Anything else falls back to en-US. */
export type Language = 'en-US' | 'zh-CN';

/** The wording of a message; one text when V3 itself says the same in every language. */
export type Wording = string | { readonly en: string; readonly zh: string };

type ParameterNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

type TextOf<W extends Wording> = W extends { readonly en: infer English extends string } ? English : W;

type Parameters<W extends Wording> =
  TextOf<W> extends infer Text extends string ? { readonly [Name in ParameterNames<Text>]: string | number } : never;

/** What is declared of an error, once. `statusCode` is the envelope's; `apiCode` only where V3 documents one. */
export interface ErrorDeclaration<W extends Wording = Wording> {
  readonly statusCode: number;
  readonly apiCode?: number;
  readonly message: W;
}

/** A failure the caller is told about. Thrown by name, turned into an answer by the pipeline alone. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly declaration: ErrorDeclaration;
  readonly parameters: Readonly<Record<string, string | number>>;

  constructor(code: string, declaration: ErrorDeclaration, parameters: Readonly<Record<string, string | number>>) {
    super(wordingIn(declaration.message, 'en-US', parameters));
    this.code = code;
    this.declaration = declaration;
    this.parameters = parameters;
  }

  messageIn(language: Language): string {
    return wordingIn(this.declaration.message, language, this.parameters);
  }
}

/** Fills `{name}` places of a wording. */
export function wordingIn(
  wording: Wording,
  language: Language,
  parameters: Readonly<Record<string, string | number>> = {},
): string {
  const text = typeof wording === 'string' ? wording : language === 'zh-CN' ? wording.zh : wording.en;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(parameters[name] ?? place));
}

/** Makes one error of a family; carries its declaration so that contracts and documents can list it. */
export interface ErrorFactory<W extends Wording = Wording> {
  (...parameters: keyof Parameters<W> extends never ? [] : [Parameters<W>]): ApiError;
  readonly code: string;
  readonly declaration: ErrorDeclaration;
}

/** Any error factory, whatever its parameters. */
export type AnyErrorFactory = { readonly code: string; readonly declaration: ErrorDeclaration };

/**
 * Declares the errors of a module: `errors('department', { notFound: {...} }).notFound()` throws-by-name with code
 * `department.not_found`. Names in `{braces}` of the English wording become typed parameters.
 */
export function errors<const Declarations extends Record<string, ErrorDeclaration>>(
  family: string,
  declarations: Declarations,
): { readonly [Name in keyof Declarations]: ErrorFactory<Declarations[Name]['message']> } {
  const factories = Object.entries(declarations).map(([name, declaration]) => {
    const code = `${family}.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    const factory = (parameters: Readonly<Record<string, string | number>> = {}) =>
      new ApiError(code, declaration, parameters);
    return [name, Object.assign(factory, { code, declaration })];
  });
  return Object.fromEntries(factories);
}
