import { createRandom } from './random.ts';

/** A tree of departments. Departments are numbered from 0, the root, in pre-order: a subtree is a range. */
export interface Tree {
  /** -1 for the root. */
  readonly parents: Int32Array;
  /** How many departments the subtree has, itself included. */
  readonly sizes: Int32Array;
  /** The root has depth 1. */
  readonly depths: Uint8Array;
  /** Children of the root, in order. The first has exactly a tenth of all departments below and in it. */
  readonly branches: readonly number[];
}

const maxDepth = 24;
const branchCount = 20;

/** Grows a tree whose fan-out follows Zipf's law: many departments have one child or none, a few have hundreds. */
export function growTree(departments: number): Tree {
  const random = createRandom(departments);
  const parents = new Int32Array(departments);
  const sizes = new Int32Array(departments);
  const depths = new Uint8Array(departments);
  const waiting = [{ size: departments, parent: -1 }];
  for (let department = 0; department < departments; department += 1) {
    const next = waiting.pop();
    if (next === undefined) throw new Error('the sizes of children do not add up to that of their parent');
    const depth = next.parent === -1 ? 1 : (depths[next.parent] ?? 0) + 1;
    parents[department] = next.parent;
    sizes[department] = next.size;
    depths[department] = depth;
    const children = childSizes(next.size - 1, depth, random.next());
    // Pre-order: the first child is taken next.
    for (const size of children.reverse()) waiting.push({ size, parent: department });
  }
  return { parents, sizes, depths, branches: childrenOf(0, sizes) };
}

/** Divides `total` departments among the children of one department. */
function childSizes(total: number, depth: number, random: number): number[] {
  if (total === 0) return [];
  if (depth === 1) {
    const tenth = Math.max(1, Math.round((total + 1) / 10));
    return total <= branchCount ? [...divide(total, total)] : [tenth, ...divide(total - tenth, branchCount - 1)];
  }
  if (depth === maxDepth - 1) return divide(total, total);
  // The inverse of a uniform number is distributed by Zipf's law.
  const children = Math.floor(1 / (1 - random)) + (depth < 6 ? 2 : 0);
  return divide(total, Math.min(total, children));
}

/** Divides `total` into `parts`, none empty, each in proportion to the inverse of its rank. */
function divide(total: number, parts: number): number[] {
  let weights = 0;
  for (let rank = 1; rank <= parts; rank += 1) weights += 1 / rank;
  const spare = total - parts;
  const sizes = Array.from({ length: parts }, (_, index) => 1 + Math.floor(spare / (index + 1) / weights));
  const divided = sizes.reduce((sum, size) => sum + size, 0);
  sizes[0] = (sizes[0] ?? 0) + total - divided;
  return sizes;
}

function childrenOf(parent: number, sizes: Int32Array): number[] {
  const children: number[] = [];
  for (let child = parent + 1; child < parent + (sizes[parent] ?? 0); child += sizes[child] ?? 1) children.push(child);
  return children;
}
