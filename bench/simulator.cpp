// The simulator's model as a plain C++17 program, a peer for bench/simulator.ts: the rules of docs/simulator.md for a
// chain with age drops, whose plans are given. It does what a C++ programmer would do for a chain: requests
// only move forward, so stage after stage is advanced from tick to tick, with no list of events.
//
//   g++ -O3 -march=native -std=c++17 bench/simulator.cpp -o simulator && ./simulator < SCENARIO.json
//
// Reads a scenario (`PeerScenario` in simulator.ts) and writes a report (`Report` in simulator-ours.ts). Timed is the
// run with its draws, not reading and writing.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

constexpr double INF = std::numeric_limits<double>::infinity();

/** JSON without escapes, literals and errors: what the bench writes. */
struct Json {
  double number = 0;
  std::string text;
  std::vector<Json> items;
  std::map<std::string, Json> fields;

  const Json &operator[](const std::string &name) const { return fields.at(name); }

  static Json parse(const char *&at) {
    Json value;
    skip(at);
    if (*at == '{' || *at == '[') {
      const bool object = *at++ == '{';
      for (skip(at); *at != '}' && *at != ']'; skip(at)) {
        if (object) {
          const std::string name = parse(at).text;
          value.fields[name] = parse(at);
        } else {
          value.items.push_back(parse(at));
        }
      }
      at++;
    } else if (*at == '"') {
      const char *from = ++at;
      while (*at != '"') at++;
      value.text.assign(from, at++);
    } else {
      char *end;
      value.number = std::strtod(at, &end);
      at = end;
    }
    return value;
  }

  std::vector<double> numbers() const {
    std::vector<double> all;
    for (const Json &item : items) all.push_back(item.number);
    return all;
  }

private:
  static void skip(const char *&at) {
    while (*at == ' ' || *at == '\n' || *at == ',' || *at == ':') at++;
  }
};

struct Variant {
  double startUp;
  std::vector<double> mean, sigma; // by batch size
};

struct StagePlan {
  int variant;
  size_t batch;
  double timeout;
  size_t replicas;
};

struct Tick {
  double at;
  std::vector<StagePlan> plan;
};

struct Scenario {
  double end, cutOff, sla, maxAge;
  bool noise;
  std::vector<double> rates;
  std::string arrivals, records; // files; none if empty
  std::vector<std::vector<Variant>> stages;
  std::vector<Tick> schedule;
};

/** xoshiro256+ (Blackman and Vigna, public domain): faster than any engine of <random>. */
class Random {
public:
  using result_type = uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~uint64_t{0}; }

  explicit Random(uint64_t seed) {
    std::seed_seq words{uint32_t(seed), uint32_t(seed >> 32)};
    uint32_t halves[8];
    words.generate(halves, halves + 8);
    for (int i = 0; i < 4; i++) state[i] = uint64_t(halves[2 * i]) << 32 | halves[2 * i + 1];
  }

  result_type operator()() {
    const uint64_t result = state[0] + state[3], shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = state[3] << 45 | state[3] >> 19;
    return result;
  }

  double exponential() { return -std::log(double(((*this)() >> 11) + 1) * 0x1p-53); }
  double normal() { return standard(*this); }

private:
  uint64_t state[4];
  std::normal_distribution<double> standard;
};

struct Row {
  double origin, arrival;
  uint32_t request;
};

struct Flight {
  double end;
  size_t first, size;
};

/** Replicas of one variant with the batch size they run, by id. */
struct Pool {
  StagePlan plan;
  const Variant *variant;
  std::vector<double> readyAt, freeAt;

  /** S10: starting ones go first, then idle, then busy ones, the largest id first. */
  void shrink(size_t count, double now) {
    while (freeAt.size() > count) {
      size_t gone = freeAt.size() - 1;
      for (size_t i = 0; i < freeAt.size(); i++) if (freeAt[i] <= now) gone = i;
      for (size_t i = 0; i < freeAt.size(); i++) if (readyAt[i] > now) gone = i;
      readyAt.erase(readyAt.begin() + gone);
      freeAt.erase(freeAt.begin() + gone);
    }
  }

  void resize(const StagePlan &wanted, double now, double startUp) {
    plan = wanted;
    shrink(wanted.replicas, now);
    readyAt.resize(wanted.replicas, now + startUp);
    freeAt.resize(wanted.replicas, now + startUp);
  }

  double allReadyAt() const { return *std::max_element(readyAt.begin(), readyAt.end()); }
};

/** Of an interval, or of the run. Reorders the latencies. */
struct Counts {
  size_t arrived = 0, served = 0, late = 0, dropped = 0;
  double p50 = NAN, p99 = NAN;

  void close(std::vector<double> &latencies) {
    if (latencies.empty()) return;
    p50 = percentile(latencies, 0.5);
    p99 = percentile(latencies, 0.99);
  }

private:
  static double percentile(std::vector<double> &latencies, double p) {
    const auto place = latencies.begin() + (size_t(std::ceil(p * double(latencies.size()) - 1e-9)) - 1);
    std::nth_element(latencies.begin(), place, latencies.end());
    return *place;
  }
};

class Stage {
public:
  std::vector<Row> rows;     // in the order of the queue; those before `head` have left it
  std::vector<double> sizes; // batch size by request, if records are kept
  size_t dropped = 0;

  Stage(const Scenario &scenario, size_t index, const StagePlan &plan, Random &random)
      : scenario(scenario), variants(scenario.stages[index]), random(random), serving(poolOf(plan)) {
    serving.resize(plan, 0, 0);
  }

  void push(const Row &row) {
    rows.push_back(row);
    // S1: those of one instant join in order of request.
    const auto later = [&row](const Row &other) { return other.arrival == row.arrival && other.request > row.request; };
    for (size_t i = rows.size() - 1; i > 0 && later(rows[i - 1]); i--) std::swap(rows[i - 1], rows[i]);
  }

  void apply(const StagePlan &plan) {
    if (plan.variant == serving.plan.variant) {
      switching = false;
      resize(serving, plan);
      return;
    }
    if (!switching || pending.plan.variant != plan.variant) pending = poolOf(plan);
    switching = true;
    resize(pending, plan);
    if (pending.allReadyAt() <= now) handOver();
  }

  void advanceTo(double until) {
    while (switching && pending.allReadyAt() <= until) {
      serve(pending.allReadyAt());
      handOver();
    }
    serve(until);
  }

  /** Calls `leave(row, end)` for those whose batch ended before `until`, and forgets them. */
  template <class Leave> void complete(double until, Leave leave) {
    size_t ended = 0;
    for (; ended < flights.size() && flights[ended].end < until; ended++) {
      const Flight &flight = flights[ended];
      for (size_t i = flight.first; i < flight.first + flight.size; i++) leave(rows[i], flight.end);
    }
    flights.erase(flights.begin(), flights.begin() + ended);
    size_t over = head;
    for (const Flight &flight : flights) over = std::min(over, flight.first);
    rows.erase(rows.begin(), rows.begin() + over);
    head -= over;
    for (Flight &flight : flights) flight.first -= over;
  }

private:
  const Scenario &scenario;
  const std::vector<Variant> &variants;
  Random &random;
  Pool serving, pending{};
  bool switching = false;
  size_t head = 0;
  std::vector<Flight> flights; // by end
  double now = 0;

  Pool poolOf(const StagePlan &plan) const { return {plan, &variants[plan.variant], {}, {}}; }

  void resize(Pool &pool, const StagePlan &plan) { pool.resize(plan, now, pool.variant->startUp); }

  void handOver() {
    std::swap(serving, pending);
    switching = false;
  }

  /** S4 to S6, for all instants before `until`. */
  void serve(double until) {
    const size_t batch = serving.plan.batch;
    while (head < rows.size()) {
      // The batch starts when it is full or its oldest request times out, and a replica is idle.
      double start = rows[head].arrival + serving.plan.timeout;
      if (head + batch <= rows.size()) start = std::min(start, rows[head + batch - 1].arrival);
      start = std::max({start, now, *std::min_element(serving.freeAt.begin(), serving.freeAt.end())});
      if (start >= until) break;
      now = start;
      fill(batch);
    }
    now = until;
  }

  /** Starts a batch of those that wait now and are not too old. */
  void fill(size_t batch) {
    size_t size = 0;
    for (; size < batch && head < rows.size() && rows[head].arrival <= now; head++) {
      if (now - rows[head].origin > scenario.maxAge) {
        // Moved before those taken, so that a batch stays in one piece.
        std::rotate(rows.begin() + (head - size), rows.begin() + head, rows.begin() + head + 1);
        dropped++;
      } else {
        size++;
      }
    }
    if (size == 0) return;
    double service = serving.variant->mean[size];
    if (scenario.noise) {
      const double sigma = serving.variant->sigma[size];
      service *= std::exp(sigma * random.normal() - sigma * sigma / 2);
    }
    const double end = now + service;
    *std::find_if(serving.freeAt.begin(), serving.freeAt.end(), [this](double at) { return at <= now; }) = end;
    flights.push_back({end, head - size, size});
    for (size_t i = flights.size() - 1; i > 0 && flights[i - 1].end > end; i--) std::swap(flights[i - 1], flights[i]);
    if (!sizes.empty())
      for (size_t i = head - size; i < head; i++) sizes[rows[i].request] = double(size);
  }
};

/** The instants of the requests: given, or drawn as they are needed (S2). */
class Arrivals {
public:
  Arrivals(const Scenario &scenario, Random &random) : rates(scenario.rates), random(random) {
    due = random.exponential();
    if (scenario.arrivals.empty()) return;
    std::ifstream file(scenario.arrivals, std::ios::binary | std::ios::ate);
    given.resize(size_t(file.tellg()) / sizeof(double));
    file.seekg(0);
    file.read(reinterpret_cast<char *>(given.data()), std::streamsize(given.size() * sizeof(double)));
  }

  size_t givenCount() const { return given.size(); }

  /** Tells of the requests before `until`. Where they are drawn, ticks and the end are at whole seconds. */
  template <class Arrive> void before(double until, Arrive arrive) {
    for (; count < given.size() && given[count] < until; count++) arrive(count, given[count]);
    for (; second < rates.size() && double(second) < until; second++) {
      const double rate = rates[second], end = passed + rate;
      for (; due < end; due += random.exponential()) {
        const double at = double(second) + (due - passed) / rate;
        if (at < double(rates.size())) arrive(count++, at);
      }
      passed = end;
    }
  }

private:
  const std::vector<double> &rates;
  Random &random;
  std::vector<double> given;
  size_t count = 0, second = 0;
  double due = 0, passed = 0;
};

struct Outcome {
  Counts run;
  std::vector<Counts> intervals;
  std::vector<double> records; // departures by request, then the batch sizes of each stage
};

Outcome simulate(const Scenario &scenario) {
  Random random(1);
  Arrivals arrivals(scenario, random);
  const size_t kept = scenario.records.empty() ? 0 : arrivals.givenCount();
  Outcome outcome;
  outcome.records.assign(kept, NAN);
  std::vector<Stage> stages;
  for (size_t s = 0; s < scenario.stages.size(); s++) {
    stages.emplace_back(scenario, s, scenario.schedule[0].plan[s], random);
    stages[s].sizes.assign(kept, 0);
  }
  Counts &run = outcome.run;
  std::vector<double> latencies, all;
  const auto advanceTo = [&](double until) {
    Counts interval;
    latencies.clear();
    arrivals.before(until, [&](size_t request, double at) {
      interval.arrived++;
      stages[0].push({at, at, uint32_t(request)});
    });
    for (size_t s = 0; s < stages.size(); s++) {
      stages[s].advanceTo(until);
      stages[s].complete(until, [&](const Row &row, double end) {
        if (s + 1 < stages.size()) {
          stages[s + 1].push({row.origin, end, row.request});
          return;
        }
        const double latency = end - row.origin;
        interval.late += latency > scenario.sla + 1e-9;
        latencies.push_back(latency);
        if (kept > 0) outcome.records[row.request] = end;
      });
      interval.dropped += std::exchange(stages[s].dropped, 0);
    }
    interval.served = latencies.size();
    interval.close(latencies);
    all.insert(all.end(), latencies.begin(), latencies.end());
    run.arrived += interval.arrived;
    run.served += interval.served;
    run.late += interval.late;
    run.dropped += interval.dropped;
    return interval;
  };

  const auto &schedule = scenario.schedule;
  for (size_t k = 0; k < schedule.size(); k++) {
    for (size_t s = 0; s < stages.size(); s++) stages[s].apply(schedule[k].plan[s]);
    outcome.intervals.push_back(advanceTo(k + 1 < schedule.size() ? schedule[k + 1].at : scenario.end));
  }
  // The instant of the cut-off itself still happens.
  advanceTo(std::nextafter(scenario.cutOff, INF));
  run.close(all);
  auto &records = outcome.records;
  for (const Stage &stage : stages) records.insert(records.end(), stage.sizes.begin(), stage.sizes.end());
  return outcome;
}

Scenario scenarioOf(const Json &json) {
  Scenario scenario{json["end"].number,        json["cutOff"].number,    json["sla"].number,
                    json["maxAge"].number,     json["noise"].number != 0, json["rates"].numbers(),
                    json["arrivals"].text,     json["records"].text,     {},
                    {}};
  for (const Json &stage : json["stages"].items) {
    std::vector<Variant> variants;
    for (const Json &variant : stage.items)
      variants.push_back({variant["startUp"].number, variant["mean"].numbers(), variant["sigma"].numbers()});
    scenario.stages.push_back(variants);
  }
  for (const Json &tick : json["schedule"].items) {
    Tick read{tick["at"].number, {}};
    for (const Json &plan : tick["plan"].items)
      read.plan.push_back({int(plan["variant"].number), size_t(plan["batch"].number), plan["timeout"].number,
                           size_t(plan["replicas"].number)});
    scenario.schedule.push_back(read);
  }
  return scenario;
}

/** Most memory that was resident, bytes; 0 where the system does not tell. */
size_t peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:" && status >> word) return 1024 * std::stoul(word);
  return 0;
}

void print(const Counts &counts) {
  const auto &[arrived, served, late, dropped, p50, p99] = counts;
  std::printf("{\"arrived\":%zu,\"served\":%zu,\"late\":%zu,\"dropped\":%zu", arrived, served, late, dropped);
  if (served == 0) std::printf(",\"p50\":null,\"p99\":null}");
  else std::printf(",\"p50\":%.17g,\"p99\":%.17g}", p50, p99);
}

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const char *at = text.data();
  const Scenario scenario = scenarioOf(Json::parse(at));
  const auto from = std::chrono::steady_clock::now();
  const Outcome outcome = simulate(scenario);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  if (!scenario.records.empty()) {
    const auto &records = outcome.records;
    std::ofstream file(scenario.records, std::ios::binary);
    file.write(reinterpret_cast<const char *>(records.data()), std::streamsize(records.size() * sizeof(double)));
  }
  std::printf("{\"seconds\":%.9f,\"peak\":%zu,\"run\":", took.count(), peak());
  print(outcome.run);
  std::printf(",\"intervals\":[");
  for (size_t k = 0; k < outcome.intervals.size(); k++) {
    if (k > 0) std::printf(",");
    print(outcome.intervals[k]);
  }
  std::printf("]}\n");
}
