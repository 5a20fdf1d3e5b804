import type { ManagementClient } from './generated/management-client.ts';
import type * as Models from './generated/models/index.ts';
import { repeatedly } from './import-users.ts';

/** Which users are exported, with which fields. */
export interface ExportUsersOptions extends Models.CreateUserExportDto {
  readonly signal?: AbortSignal | undefined;
  /**
   * Users in a part.
   *
   * @default 1000
   */
  readonly partSize?: number | undefined;
}

/**
 * Exports users and yields the file part by part; appended, the contents are the file.
 *
 * @example
 * import { exportUsers } from 'genauth';
 *
 * for await (const { content } of exportUsers(client, { format: 'csv', fields: ['username', 'email'] })) {
 *   console.log(content);
 * }
 */
export async function* exportUsers(
  client: ManagementClient,
  { signal, partSize = 1000, ...wish }: ExportUsersOptions,
): AsyncGenerator<Models.UserExportPartDto, void, undefined> {
  const { data } = await client.createUserExport(wish, { signal, throwOnError: true });
  for (let after: string | null | undefined; after !== null; ) {
    const input: Models.GetUserExportPartParams = {
      exportId: data.exportId,
      limit: partSize,
      ...(after === undefined ? {} : { after }),
    };
    const part = await repeatedly(
      () => client.getUserExportPart(input, { signal, throwOnError: true, timeout: 60_000 }),
      signal,
    );
    yield part.data;
    after = part.data.next;
  }
}
