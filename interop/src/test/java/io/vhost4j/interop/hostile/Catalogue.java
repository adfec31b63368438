// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.util.List;
import java.util.stream.Stream;

/** All cases. */
final class Catalogue {
    private Catalogue() {}

    static List<HostileCase> all() {
        return Stream.of(
                        MessageCases.all(),
                        DescriptorCases.all(),
                        NotifierCases.all(),
                        MemoryCases.all(),
                        RingSetupCases.all(),
                        SplitRingCases.all(),
                        PackedRingCases.all(),
                        HeaderCases.all(),
                        StateCases.all(),
                        IotlbCases.all(),
                        ConnectionCases.all(),
                        RaceCases.all())
                .flatMap(List::stream)
                .toList();
    }
}
