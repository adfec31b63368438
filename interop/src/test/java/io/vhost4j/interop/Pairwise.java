// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Chooses few combinations of parameters such that every pair of values of any two parameters occurs in one of them. */
final class Pairwise {
    private record Pair(int first, int firstValue, int second, int secondValue) {}

    private Pairwise() {}

    /**
     * Always gives the same combinations for the same choices.
     *
     * @param choices for each parameter its number of values
     * @return combinations: for each parameter a value from 0
     */
    static List<int[]> cover(int[] choices) {
        Set<Pair> open = allPairs(choices);
        List<int[]> rows = new ArrayList<>();
        while (!open.isEmpty()) {
            int[] row = nextRow(choices, open, rows.size());
            open.removeAll(pairsOf(row));
            rows.add(row);
        }
        return rows;
    }

    private static Set<Pair> allPairs(int[] choices) {
        Set<Pair> pairs = new LinkedHashSet<>();
        for (int first = 0; first < choices.length; first++) {
            for (int second = first + 1; second < choices.length; second++) {
                for (int a = 0; a < choices[first]; a++) {
                    for (int b = 0; b < choices[second]; b++) {
                        pairs.add(new Pair(first, a, second, b));
                    }
                }
            }
        }
        return pairs;
    }

    /** Starts with a pair that is still open, then gives each other parameter the value that closes most open pairs. */
    private static int[] nextRow(int[] choices, Set<Pair> open, int number) {
        int[] row = new int[choices.length];
        Arrays.fill(row, -1);
        Pair seed = open.iterator().next();
        row[seed.first] = seed.firstValue;
        row[seed.second] = seed.secondValue;
        for (int parameter = 0; parameter < row.length; parameter++) {
            if (row[parameter] < 0) {
                row[parameter] = best(choices[parameter], parameter, row, open, number);
            }
        }
        return row;
    }

    /** Among equals the value differs from row to row, so that rows that only close a last pair still differ. */
    private static int best(int values, int parameter, int[] row, Set<Pair> open, int number) {
        int best = 0;
        long most = -1;
        for (int i = 0; i < values; i++) {
            int value = (i + number + parameter) % values;
            row[parameter] = value;
            long closed = pairsOf(row).stream().filter(open::contains).count();
            if (closed > most) {
                most = closed;
                best = value;
            }
        }
        row[parameter] = -1;
        return best;
    }

    private static Set<Pair> pairsOf(int[] row) {
        Set<Pair> pairs = new HashSet<>();
        for (int first = 0; first < row.length; first++) {
            for (int second = first + 1; second < row.length; second++) {
                if (row[first] >= 0 && row[second] >= 0) {
                    pairs.add(new Pair(first, row[first], second, row[second]));
                }
            }
        }
        return pairs;
    }
}
