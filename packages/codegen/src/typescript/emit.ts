import type { GeneratedFile } from '../files.ts';
import type { Model } from '../model.ts';
import { clientFile, operationsFile } from './client.ts';
import { modelFiles } from './models.ts';

const folder = 'packages/sdk/src/generated';

/** The generated part of the TypeScript SDK; the other part, its runtime, is beside it. */
export function emitTypeScript(model: Model): GeneratedFile[] {
  return [
    { path: `${folder}/management-client.ts`, text: clientFile(model) },
    { path: `${folder}/operations.ts`, text: operationsFile(model) },
    ...modelFiles(model, `${folder}/models`),
  ];
}
