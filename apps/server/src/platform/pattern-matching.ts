import { Worker } from 'node:worker_threads';

/** A text that is to match an expression of a customer's; without a text, whether the expression can be used at all. */
export interface Question {
  readonly expression: string;
  readonly text?: string;
}

/** What the thread is asked. Each expression travels once, however many texts it is for. */
export interface MatchingTask {
  readonly id: number;
  readonly sharer: string;
  readonly expressions: readonly string[];
  readonly questions: readonly { readonly expression: number; readonly text?: string | undefined }[];
  readonly budgetMs: number;
}

/** What it says: fewer answers than questions when the time was up. */
export interface MatchingAnswer {
  readonly id: number;
  readonly answers: readonly boolean[];
  readonly spentMs: number;
}

/** More at once would hold up this thread while they are packed for the other: texts of 1,000 characters some 15 ms. */
const maxQuestions = 5000;

/** The thread stays below by itself: this is for what nobody thought of. It would end, and so would what waits for it. */
const resourceLimits = { maxOldGenerationSizeMb: 512 };

interface Pending {
  readonly resolve: (answer: MatchingAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

/** Matches expressions of customers in another thread, started at its first use: none ever holds the event loop. */
export interface PatternMatching {
  /**
   * Answers questions, for a sharer: sharers take turns. `budgetMs` is what may be spent on them, not counting the time
   * that others are served; what it does not suffice for stays without an answer, from the first such question on.
   */
  match(sharer: string, questions: readonly Question[], budgetMs: number): Promise<readonly boolean[]>;
  /** Says that a server may ask. The thread ends when the last that said so calls what this answers. */
  hold(): () => Promise<void>;
}

export function createPatternMatching(): PatternMatching {
  let thread: Thread | undefined;
  let holders = 0;
  let lastId = 0;

  const start = (): Thread => {
    // It needs nothing of this process, so it is told nothing.
    const options = { env: {}, execArgv: [], resourceLimits };
    const worker = new Worker(new URL('./pattern-worker.ts', import.meta.url), options);
    const started: Thread = { worker, pending: new Map() };
    // Whoever waits for an answer has a connection that keeps the process going.
    worker.unref();
    worker.on('message', (answer: MatchingAnswer) => {
      started.pending.get(answer.id)?.resolve(answer);
      started.pending.delete(answer.id);
    });
    const end = (error: Error) => {
      // The next question starts another.
      if (thread === started) thread = undefined;
      for (const { reject } of started.pending.values()) reject(error);
      started.pending.clear();
    };
    worker.on('error', end);
    worker.on('exit', () => end(new Error('the thread that matches patterns has ended')));
    return started;
  };

  const ask = (sharer: string, questions: readonly Question[], budgetMs: number): Promise<MatchingAnswer> => {
    const { worker, pending } = (thread ??= start());
    const expressions = new Map<string, number>();
    const numbered = questions.map(({ expression, text }) => {
      const number = expressions.get(expression) ?? expressions.size;
      expressions.set(expression, number);
      return { expression: number, text };
    });
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject });
      const task: MatchingTask = { id, sharer, expressions: [...expressions.keys()], questions: numbered, budgetMs };
      worker.postMessage(task);
    });
  };

  return {
    async match(sharer, questions, budgetMs) {
      const answers: boolean[] = [];
      let leftMs = budgetMs;
      while (answers.length < questions.length) {
        const some = questions.slice(answers.length, answers.length + maxQuestions);
        const answer = await ask(sharer, some, leftMs);
        for (const one of answer.answers) answers.push(one);
        if (answer.answers.length < some.length) break;
        leftMs -= answer.spentMs;
      }
      return answers;
    },
    hold() {
      holders += 1;
      return async () => {
        holders -= 1;
        if (holders > 0) return;
        const last = thread;
        thread = undefined;
        await last?.worker.terminate();
      };
    },
  };
}

/** The one of this process: all its servers together have one thread. */
export const patternMatching = createPatternMatching();
