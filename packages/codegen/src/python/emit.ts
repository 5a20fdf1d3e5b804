import { type GeneratedFile, notice } from '../files.ts';
import type { Model, Section } from '../model.ts';
import { toSnakeCase } from '../names.ts';
import { type Flavour, method } from './methods.ts';
import { byCaseBlindName, Mentions, typesModule } from './types.ts';

const root = 'sdks/python/src/genauth';

interface Client {
  readonly flavour: Flavour;
  readonly folder: string;
  readonly name: string;
  readonly connection: string;
  readonly words: string;
  /** Put before the names of sections. */
  readonly prefix: string;
}

const clients: readonly Client[] = [
  {
    flavour: 'sync',
    folder: 'management',
    name: 'ManagementClient',
    connection: 'Connection',
    words: 'Calls the management API. Threads may share a client.',
    prefix: '',
  },
  {
    flavour: 'async',
    folder: 'management_async',
    name: 'AsyncManagementClient',
    connection: 'AsyncConnection',
    words: 'Calls the management API from asyncio. A client belongs to one event loop.',
    prefix: 'Async',
  },
];

/** The Python client: the types, and for each client a module per section of the reference. */
export function emitPython(model: Model): GeneratedFile[] {
  return [
    { path: `${root}/types.py`, text: typesModule(model) },
    ...clients.flatMap((client) => [
      { path: `${root}/${client.folder}/__init__.py`, text: clientModule(client, model.sections) },
      ...model.sections.map((section) => ({
        path: `${root}/${client.folder}/${toSnakeCase(section.tag)}.py`,
        text: sectionModule(model, client, section),
      })),
    ]),
  ];
}

function sectionClass({ prefix }: Client, { tag }: Section): string {
  return `${prefix}${tag.replace(/[^A-Za-z0-9]+/g, '')}Section`;
}

function clientModule(client: Client, sections: readonly Section[]): string {
  const imports = sections.map(
    (section) => `from .${toSnakeCase(section.tag)} import ${sectionClass(client, section)}`,
  );
  return lines(
    `# ${notice}`,
    `"""\`${client.name}\`: every operation of the management API."""`,
    '',
    'from __future__ import annotations',
    '',
    ...imports.sort(),
    '',
    '',
    `class ${client.name}(`,
    ...sections.map((section) => `    ${sectionClass(client, section)},`),
    '):',
    `    """${client.words}"""`,
  );
}

function sectionModule(model: Model, client: Client, section: Section): string {
  const mentions = new Mentions();
  const methods = section.operations.map((operation) => method(model, operation, client.flavour, mentions).join('\n'));
  const wire = methods.some((text) => text.includes(' = REQUIRED,')) ? ['from ..wire import REQUIRED'] : [];
  return lines(
    `# ${notice}`,
    `"""${section.tag}."""`,
    '',
    'from __future__ import annotations',
    '',
    `from typing import ${[...mentions.typing, 'TYPE_CHECKING'].sort(byCaseBlindName).join(', ')}`,
    '',
    `from ..connection import ${client.connection}`,
    ...wire,
    '',
    'if TYPE_CHECKING:',
    '    from ..types import (',
    ...[...mentions.schemas].sort().map((name) => `        ${name},`),
    '    )',
    '',
    '',
    `class ${sectionClass(client, section)}(${client.connection}):`,
    `    """Operations of the section ${section.tag}."""`,
    '',
    methods.join('\n\n'),
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
