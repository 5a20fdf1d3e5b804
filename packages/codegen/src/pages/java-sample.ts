import { dtoPackage } from '../java/dto.ts';
import { RequestStatements } from '../java/statements.ts';
import type { Json } from '../json.ts';
import type { Model, Operation } from '../model.ts';
import { placeholders } from './placeholders.ts';

/** The call as a Java class. */
export function javaSample(model: Model, operation: Operation, input: ReadonlyMap<string, Json>): string {
  const request = new RequestStatements(model, operation, input);
  const imports = [
    'ai.genauth.sdk.java.client.ManagementClient',
    'ai.genauth.sdk.java.model.ManagementClientOptions',
    ...[operation.answerName, ...request.dtos].map((name) => `${dtoPackage}.${name}`),
    ...request.classes,
  ];
  const argument = request.lines.length === 0 ? '' : 'request';
  return [
    ...[...new Set(imports)].sort().map((name) => `import ${name};`),
    '',
    'public class Example {',
    '    public static void main(String[] arguments) throws Exception {',
    '        ManagementClientOptions options = new ManagementClientOptions();',
    `        options.setAccessKeyId("${placeholders.accessKeyId}");`,
    `        options.setAccessKeySecret("${placeholders.accessKeySecret}");`,
    `        options.setHost("${placeholders.host}");`,
    '        ManagementClient client = new ManagementClient(options);',
    '',
    ...request.lines.map((line) => `        ${line}`),
    ...(request.lines.length === 0 ? [] : ['']),
    `        ${operation.answerName} answer = client.${operation.name}(${argument});`,
    '        System.out.println(answer);',
    '    }',
    '}',
  ].join('\n');
}
