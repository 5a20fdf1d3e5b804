/** What the published Node SDK declares that its methods answer, read from its own type declarations. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** Says where a value is other than the type that the SDK gives the answer of one of its methods. */
export interface AnswerTypes {
  readonly methods: readonly string[];
  differences(method: string, answer: unknown): string[];
}

/** Reads the declarations. Takes seconds. */
export function readAnswerTypes(): AnswerTypes {
  const folder = dirname(createRequire(import.meta.url).resolve('authing-node-sdk'));
  const file = join(folder, 'ManagementClient.d.ts');
  const program = ts.createProgram([file], {
    strict: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2015.d.ts'],
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ESNext,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const client = module === undefined ? undefined : checker.tryGetMemberInModuleExports('ManagementClient', module);
  if (client === undefined) throw new Error('the published SDK has no ManagementClient');
  const type = checker.getDeclaredTypeOfSymbol(client);

  function answerOf(method: string): ts.Type | undefined {
    const property = type.getProperty(method);
    const [signature] = property === undefined ? [] : checker.getTypeOfSymbol(property).getCallSignatures();
    return signature === undefined ? undefined : checker.getAwaitedType(signature.getReturnType());
  }

  function differences(value: unknown, expected: ts.Type, path: string): string[] {
    // The SDK declares no null anywhere, and the service answers null for what a user or a group has not.
    if (value === null || expected.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
    if (expected.isUnion()) {
      const all = expected.types.map((one) => differences(value, one, path));
      return all.some((one) => one.length === 0) ? [] : (all.at(-1) ?? []);
    }
    const kind = Array.isArray(value) ? 'array' : typeof value;
    const wrong = [`${path}: ${kind} instead of ${checker.typeToString(expected)}`];
    if (expected.isLiteral()) return expected.value === value ? [] : [`${path}: ${String(value)}`];
    if (expected.flags & ts.TypeFlags.StringLike) return kind === 'string' ? [] : wrong;
    if (expected.flags & ts.TypeFlags.NumberLike) return kind === 'number' ? [] : wrong;
    if (expected.flags & ts.TypeFlags.BooleanLike) return kind === 'boolean' ? [] : wrong;
    if (expected.flags & ts.TypeFlags.Undefined) return kind === 'undefined' ? [] : wrong;
    if (checker.isArrayType(expected)) {
      const [element] = checker.getTypeArguments(expected as ts.TypeReference);
      if (!Array.isArray(value) || element === undefined) return wrong;
      return value.flatMap((one) => differences(one, element, `${path}[]`));
    }
    if (typeof value !== 'object' || Array.isArray(value)) return wrong;
    return expected.getProperties().flatMap((property) => {
      const inner: unknown = Reflect.get(value, property.name);
      if (inner === undefined) {
        return property.flags & ts.SymbolFlags.Optional ? [] : [`${path}.${property.name}: missing`];
      }
      return differences(inner, checker.getTypeOfSymbol(property), `${path}.${property.name}`);
    });
  }

  return {
    methods: type.getProperties().map(({ name }) => name),
    differences(method, answer) {
      const expected = answerOf(method);
      if (expected === undefined) return [`the published SDK has no ${method}`];
      return [...new Set(differences(answer, expected, method))];
    },
  };
}
