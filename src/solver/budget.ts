/** How many labels go by between two questions to `stop`. */
const STOP_EVERY = 512;

/** The work that one decision may take, in labels (partial plans looked at), shared by all of its solves. */
export class Budget {
  spent = false;
  private left: number;
  private readonly stop: () => boolean;
  private count = 0;

  constructor(labels: number, stop: () => boolean) {
    this.left = labels;
    this.stop = stop;
    this.spent = labels <= 0 || stop();
  }

  spend(): void {
    if (--this.left <= 0 || (++this.count % STOP_EVERY === 0 && this.stop())) this.spent = true;
  }
}
