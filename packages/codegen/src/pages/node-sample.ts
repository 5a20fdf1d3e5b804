import type { Json } from '../json.ts';
import type { Model, Operation } from '../model.ts';
import { propertyName, valueLiteral } from '../typescript/literal.ts';
import { placeholders } from './placeholders.ts';

/** The call as a JavaScript module. */
export function nodeSample(_model: Model, { name }: Operation, input: ReadonlyMap<string, Json>): string {
  const fields = [...input].map(([field, value]) => `  ${propertyName(field)}: ${valueLiteral(value, 70, '  ')},`);
  const call = fields.length === 0 ? [`client.${name}({})`] : [`client.${name}({`, ...fields, '})'];
  return [
    `import { ManagementClient } from 'genauth';`,
    '',
    'const client = new ManagementClient({',
    `  accessKeyId: '${placeholders.accessKeyId}',`,
    `  accessKeySecret: '${placeholders.accessKeySecret}',`,
    `  host: '${placeholders.host}',`,
    '});',
    '',
    `const answer = await ${call.join('\n')};`,
    'console.log(answer);',
  ].join('\n');
}
