// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The kinds of rings that the ring tests run over. */
final class RingVariants {
    private RingVariants() {}

    /** Options and sizes. */
    static Stream<Arguments> all() {
        List<Arguments> list = new ArrayList<>();
        for (int bits = 0; bits < 32; bits++) {
            boolean packed = (bits & 1) != 0;
            RingOptions options =
                    new RingOptions(packed, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0, false);
            int[] sizes = packed ? new int[] {1, 3, 16, 61, 256} : new int[] {1, 2, 16, 256};
            for (int size : sizes) {
                list.add(Arguments.of(options, size));
            }
        }
        return list.stream();
    }

    /** One of each kind of ring, without options. */
    static Stream<Arguments> plain() {
        return Stream.of(
                Arguments.of(new RingOptions(false, false, false, false, true, false), 16),
                Arguments.of(new RingOptions(true, false, false, false, true, false), 13));
    }
}
