import { createRandom } from './random.ts';
import type { Tree } from './tree.ts';

/** One user and the departments he belongs to, the main one first. */
export interface Person {
  readonly index: number;
  readonly departments: readonly number[];
  /** Seconds after the company was founded; one for each department. */
  readonly joinedAfter: readonly number[];
}

/** People come in blocks, each with random numbers of its own, so that any block can be made without those before it. */
export const peoplePerBlock = 5_000;

/** How long the company has been hiring, in seconds: three years. */
const companyAge = 3 * 365 * 24 * 3600;

/**
 * Hires the people of one block. They have one and a half departments on average, nearly always in one branch, and as
 * many work in a branch as its share of all departments says: a tenth in the first.
 */
export function hire(tree: Tree, block: number, users: number): Person[] {
  const random = createRandom(0x5eed + block);
  const first = block * peoplePerBlock;
  return Array.from({ length: Math.min(peoplePerBlock, users - first) }, (_, offset) => {
    const home = pickBranch(tree, random.next());
    const departments = new Set<number>();
    for (let left = pickCount(random.next()); left > 0; left -= 1) {
      const elsewhere = departments.size > 0 && random.next() < 0.05;
      const branch = elsewhere ? (tree.branches[random.below(tree.branches.length)] ?? home) : home;
      // Raised to a power, the numbers crowd the front: a few departments are large.
      departments.add(branch + Math.floor((tree.sizes[branch] ?? 1) * random.next() ** 1.5));
    }
    const hired = random.below(companyAge);
    return {
      index: first + offset,
      departments: [...departments],
      joinedAfter: [...departments].map((_, rank) => (rank === 0 ? hired : hired + random.below(companyAge - hired))),
    };
  });
}

function pickCount(random: number): number {
  if (random < 0.65) return 1;
  if (random < 0.87) return 2;
  return random < 0.98 ? 3 : 5;
}

/** Each branch as often as its share of all departments; people at the root itself are too few to matter. */
function pickBranch(tree: Tree, random: number): number {
  let position = 1 + Math.floor(random * (tree.parents.length - 1));
  for (const branch of tree.branches) {
    position -= tree.sizes[branch] ?? 0;
    if (position <= 0) return branch;
  }
  return tree.branches[0] ?? 0;
}
