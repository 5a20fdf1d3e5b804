/**
 * The thread that matches customers' regular expressions. It works on everything at once, user pool by user pool, a moment
 * each: a pool that asks much makes others wait for moments, and nobody's server for anything.
 */
import { getHeapStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import type { MatchingAnswer, MatchingTask } from './pattern-matching.ts';
import { forgetPatterns, parsePattern } from './patterns.ts';

/** One match may take longer, up to some 0.1 s, and cannot be interrupted. */
const momentMs = 10;

/** Well below what the thread may have: many expressions, made for it, would learn more than that from their texts. */
const maxHeapBytes = 192 * 1024 * 1024;

interface Work {
  readonly task: MatchingTask;
  readonly answers: boolean[];
  spentMs: number;
}

/** What each sharer waits for. Who is next is first. */
const waiting = new Map<string, Work[]>();
let isAtWork = false;

parentPort?.on('message', (task: MatchingTask) => {
  const own = waiting.get(task.sharer);
  const work: Work = { task, answers: [], spentMs: 0 };
  if (own === undefined) waiting.set(task.sharer, [work]);
  else own.push(work);
  if (!isAtWork) takeTurns();
});

function takeTurns(): void {
  const [next] = waiting;
  isAtWork = next !== undefined;
  if (next === undefined) return;
  const [sharer, own] = next;
  waiting.delete(sharer);
  const [work] = own;
  if (work !== undefined && isFinishedIn(work, momentMs)) {
    own.shift();
    const answer: MatchingAnswer = { id: work.task.id, answers: work.answers, spentMs: work.spentMs };
    parentPort?.postMessage(answer);
  }
  if (getHeapStatistics().used_heap_size > maxHeapBytes) forgetPatterns();
  // Behind everybody else; and messages that have come meanwhile are read before the next turn.
  if (own.length > 0) waiting.set(sharer, own);
  setImmediate(takeTurns);
}

/** Whether there is nothing left to do, or no time left to do it in: what took too long stays without an answer. */
function isFinishedIn(work: Work, maxMs: number): boolean {
  const { expressions, questions, budgetMs } = work.task;
  const startedAt = performance.now();
  const spentBefore = work.spentMs;
  while (work.answers.length < questions.length) {
    const question = questions[work.answers.length];
    const pattern = parsePattern(expressions[question?.expression ?? -1] ?? '');
    const answer = pattern !== undefined && (question?.text === undefined || pattern.matches(question.text));
    const tookMs = performance.now() - startedAt;
    work.spentMs = spentBefore + tookMs;
    if (work.spentMs > budgetMs) return true;
    work.answers.push(answer);
    if (tookMs > maxMs) break;
  }
  return work.answers.length === questions.length;
}
