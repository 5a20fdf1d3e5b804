import { readFileSync } from 'node:fs';
import { type Model, readModel } from '../model.ts';

/** A small document with one of everything an emitter meets: `library.json`, written by hand. */
export function libraryText(): string {
  return readFileSync(new URL('library.json', import.meta.url), 'utf8');
}

/** The model of that document. */
export function libraryModel(): Model {
  return readModel(JSON.parse(libraryText()));
}
