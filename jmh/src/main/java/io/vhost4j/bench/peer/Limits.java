// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a run may suffer before it is made again.
 *
 * @param stealPercent of a worker's processor that the hypervisor may take
 * @param sharePercent of its processor that a worker must get
 * @param retries of a disturbed run, and of a round in which the processors moved
 * @param place where runs must happen
 * @param nearNanos what takes a cache line longer there and back is far
 * @param patienceSeconds to wait for that place before a run
 */
record Limits(
        double stealPercent, double sharePercent, int retries, Place place, double nearNanos, double patienceSeconds) {
    /** Near and far differ by more, and less is noise. */
    private static final double SAME = 2;

    /**
     * What disturbed a run too much, or null.
     *
     * @param stolenPercent of the worse of both processors
     * @param backShare part of its processor that the back-end's worker got, 0 to 1
     * @param frontShare the same of the front-end's
     */
    @Nullable
    String disturbance(double stolenPercent, double backShare, double frontShare) {
        if (stolenPercent > stealPercent) {
            return String.format(Locale.ROOT, "%.1f %% of a processor was stolen", stolenPercent);
        }
        if (100 * Math.min(backShare, frontShare) < sharePercent) {
            return String.format(
                    Locale.ROOT,
                    "the workers got %.0f %% and %.0f %% of their processors",
                    100 * backShare,
                    100 * frontShare);
        }
        return null;
    }

    /** Near or far. */
    Place placeOf(double lineNanos) {
        return lineNanos < nearNanos ? Place.NEAR : Place.FAR;
    }

    /** Whether a run may happen there. */
    boolean isRight(double lineNanos) {
        return place == Place.ANY || place == placeOf(lineNanos);
    }

    /** Whether two times of a cache line tell that the processors are where they were. */
    static boolean isSamePlace(double lineNanos, double otherNanos) {
        return Math.max(lineNanos, otherNanos) < SAME * Math.min(lineNanos, otherNanos);
    }
}
