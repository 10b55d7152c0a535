// Work spread over all cores: a worker is a module whose default export answers one task at a time.
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

/**
 * The answers to the tasks, in their order, each made by the worker module at `url`; tasks and answers are
 * plain data. `onDone` is told how many are done.
 */
export async function parallel<Task, Answer>(
  url: URL,
  tasks: readonly Task[],
  onDone: (count: number) => void = () => {},
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let [next, done] = [0, 0];
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let at = -1;
      const give = (): void => {
        at = next++;
        if (at < tasks.length) worker.postMessage(tasks[at]);
        else resolve();
      };
      worker.on("error", reject);
      worker.on("message", (answer: Answer) => {
        answers[at] = answer;
        onDone(++done);
        give();
      });
      give();
    });
  const workers = Array.from({ length: Math.min(availableParallelism(), tasks.length) }, () => new Worker(url));
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return answers;
}

/** What a worker module calls: answers each task that comes. */
export function answerTasks<Task, Answer>(answer: (task: Task) => Promise<Answer>): void {
  if (isMainThread || parentPort === null) throw new Error("this file is a worker; run the experiment that uses it");
  const port = parentPort;
  port.on("message", (task: Task) => {
    void answer(task).then(
      (result) => port.postMessage(result),
      // Thrown outside the promise, so that the worker ends with it and its owner is told.
      (error: unknown) =>
        setImmediate(() => {
          throw error;
        }),
    );
  });
}
