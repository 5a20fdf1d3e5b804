import type { Json } from '../json.ts';
import type { Field, Model, Operation } from '../model.ts';
import { javaSample } from './java-sample.ts';
import { nodeSample } from './node-sample.ts';
import { pythonParameterNames, pythonSample } from './python-sample.ts';

/** How the reference of one SDK differs from that of another. */
export interface SdkLanguage {
  /** In addresses. */
  readonly slug: string;
  readonly title: string;
  /** Name of the language where code is coloured. */
  readonly code: string;
  readonly methodName: (operation: Operation) => string;
  /** A whole program that makes the call; it is run by the tests. */
  readonly sample: (model: Model, operation: Operation, input: ReadonlyMap<string, Json>) => string;
  /** What a caller writes for a field, where that is not its name on the wire. */
  readonly parameterName?: (operation: Operation, field: Field) => string;
}

/** In the order of the menus. */
export const sdkLanguages: readonly SdkLanguage[] = [
  { slug: 'java', title: 'Java', code: 'java', methodName: ({ name }) => name, sample: javaSample },
  { slug: 'nodejs', title: 'Node.js', code: 'js', methodName: ({ name }) => name, sample: nodeSample },
  {
    slug: 'python',
    title: 'Python',
    code: 'python',
    methodName: ({ pythonName }) => pythonName,
    sample: pythonSample,
    parameterName: (operation, field) => pythonParameterNames(operation).get(field.name) ?? field.name,
  },
];
