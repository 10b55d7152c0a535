"""The simulator's model in SimPy, a peer for bench/simulator.ts: the rules of docs/simulator.md for a chain with age
drops, whose plans are given.

    python bench/simulator.py < SCENARIO.json

Reads a scenario (`PeerScenario` in simulator.ts) and writes a report (`Report` in simulator-ours.ts). Timed is the run
with its draws, not reading and writing. Arrivals, control and start-ups are processes. Batches end by
an event with a callback: a process for each would only make it slower.
"""

import heapq
import json
import math
import random
import sys
import time
from array import array
from collections import deque

import simpy

# S1: the order of what falls on one instant.
ENDS, READY, CONTROL, ARRIVALS, STARTS = range(5)


class Timed(simpy.Event):
    """A time-out that knows its place among the events of its instant."""

    def __init__(self, env, delay, place):
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, place, delay)


class Request:
    __slots__ = ("id", "origin", "arrival")

    def __init__(self, id, origin):
        self.id = id
        self.origin = origin
        self.arrival = origin


class Replica:
    __slots__ = ("id", "group", "ready", "gone")

    def __init__(self, id, group):
        self.id = id
        self.group = group
        self.ready = False
        self.gone = False


class Group:
    """Replicas of one variant with the batch size they run."""

    def __init__(self, variant, tables):
        self.variant = variant
        self.start_up = tables["startUp"]
        self.mean = tables["mean"]
        self.sigma = tables["sigma"]
        self.batch = 1
        self.timeout = 0.0
        self.replicas = []  # by id
        self.idle = []  # a heap of (id, replica)

    def all_ready(self):
        return all(replica.ready for replica in self.replicas)

    def free(self, replica):
        replica.ready = True
        heapq.heappush(self.idle, (replica.id, replica))

    def shrink(self, count):
        """S10: starting ones go first, then idle, then busy ones, the largest id first."""
        while len(self.replicas) > count:
            starting = [replica for replica in self.replicas if not replica.ready]
            idle = [replica for _, replica in sorted(self.idle)]
            leaving = (starting or idle or self.replicas)[-1]
            leaving.gone = True
            self.replicas.remove(leaving)
            if leaving in idle:
                self.idle.remove((leaving.id, leaving))
                heapq.heapify(self.idle)


class Stage:
    def __init__(self, simulation, index, plan):
        self.simulation = simulation
        self.env = simulation.env
        self.index = index
        self.variants = simulation.scenario["stages"][index]
        self.next = None
        self.queue = deque()
        self.ordinal = 0
        self.looking = False
        self.timer = None  # the instant of the time-out that is set
        self.pending = None
        self.serving = self.group(plan)
        for _ in range(plan["replicas"]):
            self.serving.free(self.hire(self.serving))

    def group(self, plan):
        group = Group(plan["variant"], self.variants[plan["variant"]])
        group.batch, group.timeout = plan["batch"], plan["timeout"]
        return group

    def hire(self, group):
        replica = Replica(self.ordinal, group)
        self.ordinal += 1
        group.replicas.append(replica)
        return replica

    def resize(self, group, plan):
        group.batch, group.timeout = plan["batch"], plan["timeout"]
        group.shrink(plan["replicas"])
        while len(group.replicas) < plan["replicas"]:
            self.env.process(self.start_up(self.hire(group)))

    def start_up(self, replica):
        yield Timed(self.env, replica.group.start_up, READY)
        if replica.gone:
            return
        replica.group.free(replica)
        self.hand_over_if_ready()
        self.look()

    def apply(self, plan):
        if plan["variant"] == self.serving.variant:
            self.cancel_pending()
            self.resize(self.serving, plan)
        else:
            if self.pending is not None and self.pending.variant != plan["variant"]:
                self.cancel_pending()
            if self.pending is None:
                self.pending = self.group(plan)
            self.resize(self.pending, plan)
            self.hand_over_if_ready()
        self.look()

    def cancel_pending(self):
        if self.pending is not None:
            self.pending.shrink(0)
            self.pending = None

    def hand_over_if_ready(self):
        """S11."""
        if self.pending is not None and self.pending.all_ready():
            self.serving.shrink(0)
            self.serving, self.pending = self.pending, None

    def join(self, request):
        now = self.env.now
        request.arrival = now
        queue = self.queue
        place = len(queue)
        # S1: those of one instant join in order of request.
        while place > 0 and queue[place - 1].id > request.id and queue[place - 1].arrival == now:
            place -= 1
        queue.insert(place, request)
        # Whoever is neither the first nor fills a batch changes nothing.
        if len(queue) == 1 or len(queue) >= self.serving.batch:
            self.look()

    def look(self):
        """Starts what can start, once all else of this instant has happened."""
        if not self.looking and self.queue and self.serving.idle:
            self.looking = True
            Timed(self.env, 0, STARTS).callbacks.append(self.start_batches)

    def start_batches(self, _):
        """S4."""
        self.looking = False
        queue, serving, now = self.queue, self.serving, self.env.now
        while queue and serving.idle:
            due = queue[0].arrival + serving.timeout
            if len(queue) < serving.batch and now < due:
                if self.timer != due:
                    self.timer = due
                    Timed(self.env, due - now, STARTS).callbacks.append(self.time_out)
                return
            self.start_batch(serving, now)

    def time_out(self, event):
        # The sum now + (due - now) may fall short of `due` by the last bit; then the timer is set again.
        self.timer = None
        self.start_batches(event)

    def start_batch(self, serving, now):
        """S5, S6."""
        queue, max_age = self.queue, self.simulation.max_age
        batch = []
        while queue and len(batch) < serving.batch:
            request = queue.popleft()
            if now - request.origin > max_age:
                self.simulation.drop()
            else:
                batch.append(request)
        if not batch:
            return
        size = len(batch)
        _, replica = heapq.heappop(serving.idle)
        end = Timed(self.env, serving.mean[size] * self.simulation.factor(serving.sigma[size]), ENDS)
        end.callbacks.append(lambda _: self.end_batch(replica, batch))
        if self.simulation.sizes is not None:
            for request in batch:
                self.simulation.sizes[self.index][request.id] = size

    def end_batch(self, replica, batch):
        leave = self.simulation.depart if self.next is None else self.next.join
        for request in batch:
            leave(request)
        if not replica.gone:
            replica.group.free(replica)
            self.look()


class Counts:
    def __init__(self):
        self.arrived = 0
        self.late = 0
        self.dropped = 0
        self.latencies = array("d")

    def add(self, other):
        self.arrived += other.arrived
        self.late += other.late
        self.dropped += other.dropped
        self.latencies.extend(other.latencies)

    def report(self):
        latencies = sorted(self.latencies)
        served = len(latencies)
        p50, p99 = (latencies[math.ceil(p * served - 1e-9) - 1] if served > 0 else None for p in (0.5, 0.99))
        return {
            "arrived": self.arrived,
            "served": served,
            "late": self.late,
            "dropped": self.dropped,
            "p50": p50,
            "p99": p99,
        }


class Simulation:
    def __init__(self, scenario):
        self.scenario = scenario
        self.max_age = scenario["maxAge"]
        self.on_time = scenario["sla"] + 1e-9
        self.random = random.Random(1)
        self.env = simpy.Environment()
        self.run_counts = Counts()
        self.interval = Counts()
        self.intervals = []
        self.departures = self.sizes = None
        self.arrivals = self.drawn()
        if scenario["arrivals"]:
            self.arrivals = array("d")
            with open(scenario["arrivals"], "rb") as file:
                self.arrivals.frombytes(file.read())
        if scenario["records"]:
            self.departures = array("d", [math.nan]) * len(self.arrivals)
            self.sizes = [array("d", [0]) * len(self.arrivals) for _ in scenario["stages"]]
        first = scenario["schedule"][0]["plan"]
        self.stages = [Stage(self, s, plan) for s, plan in enumerate(first)]
        for stage, following in zip(self.stages, self.stages[1:]):
            stage.next = following

    def run(self):
        self.env.process(self.source())
        self.env.process(self.control())
        # The instant of the cut-off itself still happens.
        self.env.run(until=math.nextafter(self.scenario["cutOff"], math.inf))
        self.run_counts.add(self.interval)
        return self.run_counts.report()

    def drawn(self):
        """S2: Poisson arrivals."""
        rates = self.scenario["rates"]
        due = self.random.expovariate(1)
        passed = 0.0
        for second, rate in enumerate(rates):
            end = passed + rate
            while due < end:
                at = second + (due - passed) / rate
                if at < len(rates):
                    yield at
                due += self.random.expovariate(1)
            passed = end

    def source(self):
        env, first = self.env, self.stages[0]
        for id, at in enumerate(self.arrivals):
            yield Timed(env, at - env.now, ARRIVALS)
            self.interval.arrived += 1
            first.join(Request(id, at))

    def control(self):
        schedule = self.scenario["schedule"]
        ends = [tick["at"] for tick in schedule[1:]] + [self.scenario["end"]]
        for k, end in enumerate(ends):
            yield Timed(self.env, end - self.env.now, CONTROL)
            self.intervals.append(self.interval.report())
            self.run_counts.add(self.interval)
            self.interval = Counts()
            if k + 1 < len(schedule):
                for stage, plan in zip(self.stages, schedule[k + 1]["plan"]):
                    stage.apply(plan)

    def factor(self, sigma):
        if not self.scenario["noise"]:
            return 1
        return math.exp(sigma * self.random.gauss(0, 1) - sigma * sigma / 2)

    def drop(self):
        self.interval.dropped += 1

    def depart(self, request):
        now = self.env.now
        latency = now - request.origin
        self.interval.latencies.append(latency)
        if latency > self.on_time:
            self.interval.late += 1
        if self.departures is not None:
            self.departures[request.id] = now


def peak():
    """Most memory that was resident, bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as status:
            return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except OSError:
        return 0


def main():
    scenario = json.load(sys.stdin)
    started = time.perf_counter()
    simulation = Simulation(scenario)
    run = simulation.run()
    seconds = time.perf_counter() - started
    if scenario["records"]:
        with open(scenario["records"], "wb") as file:
            for column in (simulation.departures, *simulation.sizes):
                column.tofile(file)
    json.dump({"seconds": seconds, "peak": peak(), "run": run, "intervals": simulation.intervals}, sys.stdout)


main()
