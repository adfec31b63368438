// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Arrays;
import java.util.Collection;

/**
 * A few numbers of the same kind, summed up.
 *
 * @param median the middle one, or the mean of the two in the middle
 * @param min the least
 * @param max the greatest
 * @param count how many there are, at least 1
 */
record Numbers(double median, double min, double max, int count) {
    static Numbers of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("no values to sum up");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int upper = sorted.length / 2;
        int lower = (sorted.length - 1) / 2;
        return new Numbers((sorted[lower] + sorted[upper]) / 2, sorted[0], sorted[sorted.length - 1], sorted.length);
    }

    static Numbers of(Collection<Double> values) {
        return of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** The geometric mean of positive numbers. */
    static double geometricMean(Collection<Double> values) {
        double logs = values.stream().mapToDouble(Math::log).average().orElseThrow();
        return Math.exp(logs);
    }

    /** From the least to the greatest, in hundredths of the median. */
    double spreadPercent() {
        return 100 * (max - min) / median;
    }
}
