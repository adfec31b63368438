// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * One back-end serving one front-end for some time.
 *
 * @param pps the median of the samples, packets per second
 * @param samples packets per second in each interval
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
        double stealPercent,
        double backEndShare,
        double frontEndShare,
        OptionalDouble busyNanos,
        List<String> versions,
        List<String> commands,
        @Nullable String disturbance) {
    /** A command as one line, without the folders of this machine. */
    static String portable(List<String> command) {
        return String.join(" ", command).replaceAll("/[^ ,=]*/(?=[^/ ,=]+)", "");
    }
}
