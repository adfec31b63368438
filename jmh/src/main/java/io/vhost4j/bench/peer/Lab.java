// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where everything is and runs.
 *
 * @param testpmd the distribution's dpdk-testpmd: front-end, and the back-end {@link BackEndKind#DPDK}
 * @param nativeTestpmd the back-end {@link BackEndKind#DPDK_NATIVE}
 * @param launcher {@code examples/vhost4j}
 * @param backEndCpu where the back-end's worker runs, and the front-end's main thread, which mostly sleeps
 * @param frontEndCpu the other way round
 * @param folder where sockets are
 * @param memory what the processes take their memory from
 * @param busy let the back-ends tell how long they worked on packets, at the price of two looks at the clock in each burst
 */
record Lab(
        String testpmd,
        @Nullable String nativeTestpmd,
        Path launcher,
        int backEndCpu,
        int frontEndCpu,
        Path folder,
        LabMemory memory,
        boolean busy) {
    /** What a cache line takes from one worker's processor to the other's and back. */
    double lineNanos() {
        return CacheLine.roundTripNanos(frontEndCpu, backEndCpu);
    }

    /** What the couple of this number has for itself. */
    Seat seat(int number) {
        return new Seat(number, folder);
    }
}
