// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the back-ends did in one cell.
 *
 * @param kinds the back-ends; the first one is compared with each of the others
 * @param rounds undisturbed runs, one for each back-end in that order; those of a round followed each other
 * @param disturbed runs that were thrown away
 */
record CellResult(Cell cell, List<BackEndKind> kinds, List<List<Run>> rounds, int disturbed) {
    /** Packets per second of one back-end over all rounds. */
    Numbers pps(int kind) {
        return Numbers.of(rounds.stream().map(round -> round.get(kind).pps()).toList());
    }

    /** Busy nanoseconds per packet of one back-end. */
    OptionalDouble busyNanos(int kind) {
        List<Double> values = new ArrayList<>();
        rounds.forEach(round -> round.get(kind).busyNanos().ifPresent(values::add));
        return values.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(Numbers.of(values).median());
    }

    /** The medians in a line. */
    String summary() {
        StringBuilder line = new StringBuilder(cell + ":");
        for (int kind = 0; kind < kinds.size(); kind++) {
            line.append(String.format(
                    Locale.ROOT, " %s %.2f Mpps", kinds.get(kind), pps(kind).median() / 1e6));
            if (kind > 0) {
                line.append(
                        String.format(Locale.ROOT, " (ratio %.2f)", ratio(kind).median()));
            }
        }
        return line.toString();
    }

    /** What ran: the back-ends' versions, then the front-end's. */
    List<String> versions() {
        List<Run> round = rounds.get(0);
        List<String> versions = new ArrayList<>();
        round.forEach(run -> versions.add(run.versions().get(0)));
        versions.add(round.get(0).versions().get(1));
        return versions;
    }

    /** The median of each percentile of one back-end, if packets were timed. */
    Optional<Latency> latency(int kind) {
        List<Latency> latencies = rounds.stream()
                .flatMap(round -> round.get(kind).latency().stream())
                .toList();
        return latencies.isEmpty() ? Optional.empty() : Optional.of(Latency.median(latencies));
    }

    /** The median of the first back-end's percentiles divided by those of another one in the same round. */
    Optional<Latency> latencyRatio(int kind) {
        List<Latency> ratios = rounds.stream()
                .filter(round -> round.get(0).latency().isPresent()
                        && round.get(kind).latency().isPresent())
                .map(round -> round.get(0)
                        .latency()
                        .orElseThrow()
                        .dividedBy(round.get(kind).latency().orElseThrow()))
                .toList();
        return ratios.isEmpty() ? Optional.empty() : Optional.of(Latency.median(ratios));
    }

    /** Nanoseconds of a cache line there and back, over all runs. */
    Numbers lineNanos() {
        return Numbers.of(
                rounds.stream().flatMap(List::stream).map(Run::lineNanos).toList());
    }

    /** These results with only the rounds at one place, or nothing if there are none. */
    Optional<CellResult> at(Place place, Limits limits) {
        List<List<Run>> there = rounds.stream()
                .filter(round -> limits.placeOf(round.get(0).lineNanos()) == place)
                .toList();
        return there.isEmpty() ? Optional.empty() : Optional.of(new CellResult(cell, kinds, there, disturbed));
    }

    /** The first back-end's packets per second divided by those of another one in the same round. */
    Numbers ratio(int kind) {
        return Numbers.of(rounds.stream()
                .map(round -> round.get(0).pps() / round.get(kind).pps())
                .toList());
    }
}
