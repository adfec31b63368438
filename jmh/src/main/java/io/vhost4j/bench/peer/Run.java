// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * One back-end serving one front-end for some time.
 *
 * @param pps the median of the samples, packets per second
 * @param samples packets per second in each interval
 * @param latency of packets that came back, if it was measured
 * @param lineNanos that a cache line takes from one worker's processor to the other's and back, mean of before and after
 * @param stealPercent of the worse of both workers' processors
 * @param backEndShare part of its processor that the back-end's worker got, 0 to 1
 * @param frontEndShare the same of the front-end's
 * @param busyNanos of the back-end for each packet, if it tells
 * @param versions of the back-end and of the front-end
 * @param commands that started them, without the folders of this machine
 * @param disturbance why it does not count, or null if it does
 */
record Run(
        BackEndKind kind,
        double pps,
        List<Double> samples,
        Optional<Latency> latency,
        double lineNanos,
        double stealPercent,
        double backEndShare,
        double frontEndShare,
        OptionalDouble busyNanos,
        List<String> versions,
        List<String> commands,
        @Nullable String disturbance) {
    /** The same, with the times of a cache line before and after; disturbed if they tell that a processor moved. */
    Run between(double lineBefore, double lineAfter) {
        @Nullable
        String moved = Limits.isSamePlace(lineBefore, lineAfter)
                ? null
                : String.format(Locale.ROOT, "a cache line took %.0f ns, then %.0f ns", lineBefore, lineAfter);
        return new Run(
                kind,
                pps,
                samples,
                latency,
                (lineBefore + lineAfter) / 2,
                stealPercent,
                backEndShare,
                frontEndShare,
                busyNanos,
                versions,
                commands,
                disturbance == null ? moved : disturbance);
    }

    /** A command as one line, without the folders of this machine. */
    static String portable(List<String> command) {
        return String.join(" ", command).replaceAll("/[^ ,=]*/(?=[^/ ,=]+)", "");
    }
}
