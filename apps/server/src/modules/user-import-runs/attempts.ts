import type { ApiError } from '@genauth/contract';
import type { CommandContext } from '../../platform/module.ts';

/** What is tried with items, and what follows. */
interface Attempt<Item> {
  /** Does it for all of these items, or throws. */
  readonly attempt: (context: CommandContext, items: readonly Item[]) => Promise<void>;
  readonly done: (items: readonly Item[]) => void;
  /** Whether an error says something of one of the items; any other ends everything. */
  readonly isAboutTheItem: (error: unknown) => error is ApiError;
  readonly refuse: (item: Item, error: ApiError) => void;
}

/**
 * Tries for all items at once what works for all or none. When one of them is refused, each half is tried by itself, and so
 * on: a batch costs one attempt when it is in order, and at worst about as much as one attempt for each of its items.
 */
export async function attemptEach<Item>(
  context: CommandContext,
  items: readonly Item[],
  how: Attempt<Item>,
): Promise<void> {
  const [first] = items;
  if (first === undefined) return;
  try {
    await context.attempt((inner) => how.attempt(inner, items));
  } catch (error) {
    if (!how.isAboutTheItem(error)) throw error;
    if (items.length === 1) return how.refuse(first, error);
    const middle = Math.ceil(items.length / 2);
    await attemptEach(context, items.slice(0, middle), how);
    return attemptEach(context, items.slice(middle), how);
  }
  how.done(items);
}
