/**
 * Clients and pages, written from the published documents. An emitter gets the model and answers files; what it says
 * beyond the contract it says once, in its own folder.
 */
import type { GeneratedFile } from './files.ts';
import { emitJava } from './java/emit.ts';
import type { Json } from './json.ts';
import { type Model, readModel } from './model.ts';
import { emitPages } from './pages/emit.ts';
import { emitPython } from './python/emit.ts';
import { emitTypeScript } from './typescript/emit.ts';

/** The published documents, parsed. */
export interface Documents {
  readonly management: Json;
}

/** Writes from the model of the management document. The same model must give the same files. */
type Emitter = (management: Model) => readonly GeneratedFile[];

/** Add an emitter here. */
const emitters: readonly Emitter[] = [emitTypeScript, emitPages, emitPython, emitJava];

/** Every file that follows from the documents. */
export function generate({ management }: Documents): GeneratedFile[] {
  const model = readModel(management);
  return emitters.flatMap((emit) => emit(model));
}

// What the documentation site needs beside the pages.
export type { Json } from './json.ts';
export { type Field, type Model, readModel, type Type } from './model.ts';
export { type Area, areasOf } from './pages/areas.ts';
export { anchor } from './pages/markdown.ts';
export { operationSlug } from './pages/operation-page.ts';
export { placeholders } from './pages/placeholders.ts';
export { sampleInput } from './sample.ts';
export type { GeneratedFile };
