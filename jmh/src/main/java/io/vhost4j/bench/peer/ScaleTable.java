// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import io.vhost4j.examples.cli.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How long contenders worked on a packet, for a terminal. */
final class ScaleTable {
    private final List<List<Run>> rounds;
    private final Limits limits;

    ScaleTable(List<List<Run>> rounds, Limits limits) {
        this.rounds = rounds;
        this.limits = limits;
    }

    /** A line for each contender; of {@code group} that follow each other, all are compared with the first one. */
    List<String> text(List<Contender> contenders, int group) {
        TextTable table = new TextTable("back-end", "devices", "busy ns", "ratio", "min-max", "near", "far");
        for (int i = 0; i < contenders.size(); i++) {
            table.row(row(contenders.get(i), i, i - i % group));
        }
        return table.lines();
    }

    private String[] row(Contender contender, int number, int first) {
        List<Double> nanos = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        List<Double> near = new ArrayList<>();
        List<Double> far = new ArrayList<>();
        for (List<Run> round : rounds) {
            double busy = busy(round.get(number));
            double ratio = busy / busy(round.get(first));
            nanos.add(busy);
            ratios.add(ratio);
            boolean isNear = limits.placeOf(round.get(number).lineNanos()) == Place.NEAR;
            (isNear ? near : far).add(ratio);
        }
        Numbers all = Numbers.of(ratios);
        return new String[] {
            contender.kind().toString(),
            "" + contender.cell().shape().devices(),
            String.format(Locale.ROOT, "%.1f", Numbers.of(nanos).median()),
            String.format(Locale.ROOT, "%.2f", all.median()),
            String.format(Locale.ROOT, "%.2f-%.2f", all.min(), all.max()),
            median(near),
            median(far)
        };
    }

    /** Nanoseconds for a packet. */
    static double busy(Run run) {
        return run.busyNanos().orElseThrow(() -> new BenchFailure(run.kind() + " does not tell how long it worked"));
    }

    private static String median(List<Double> ratios) {
        return ratios.isEmpty()
                ? "-"
                : String.format(Locale.ROOT, "%.2f", Numbers.of(ratios).median());
    }
}
