// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.ring.RingModel.Kind;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;

/** Whatever driver and device do, in whatever order: a ring behaves like a queue of chains. */
final class RingProperties {
    private static final int STEPS = 300;

    @Property(tries = 1500)
    void shouldBehaveLikeAQueueWhenSplit(@ForAll("split") Kind kind, @ForAll("steps") List<Integer> steps) {
        run(kind, steps);
    }

    @Property(tries = 1500)
    void shouldBehaveLikeAQueueWhenPacked(@ForAll("packed") Kind kind, @ForAll("steps") List<Integer> steps) {
        run(kind, steps);
    }

    private static void run(Kind kind, List<Integer> steps) {
        try (RingModel model = new RingModel(kind)) {
            steps.forEach(model::step);
            model.finish();
        }
    }

    @Provide
    Arbitrary<List<Integer>> steps() {
        return Arbitraries.integers()
                .between(0, 1 << 24)
                .withDistribution(RandomDistribution.uniform())
                .list()
                .ofMaxSize(STEPS)
                .withoutEdgeCases();
    }

    @Provide
    Arbitrary<Kind> split() {
        Arbitrary<Integer> sizes = Arbitraries.integers().between(0, 8).map(shift -> 1 << shift);
        Arbitrary<Integer> starts = Arbitraries.integers().between(0, 0xFFFF);
        return Combinators.combine(sizes, starts, features(), Arbitraries.of(true, false))
                .as((size, start, features, writable) -> new Kind(
                        false, size, start, true, features, writable, VirtioFeature.RING_EVENT_IDX.in(features)));
    }

    @Provide
    Arbitrary<Kind> packed() {
        Arbitrary<Integer> sizes = Arbitraries.integers().between(1, 256);
        Arbitrary<Integer> starts = Arbitraries.integers().between(0, 255);
        Arbitrary<Boolean> either = Arbitraries.of(true, false);
        return Combinators.combine(sizes, starts, features(), either, either)
                .as((size, start, features, writable, wrap) -> new Kind(
                        true,
                        size,
                        start,
                        wrap,
                        features | VirtioFeature.RING_PACKED.mask(),
                        writable,
                        VirtioFeature.RING_EVENT_IDX.in(features)));
    }

    private static Arbitrary<Long> features() {
        long[] optional = {
            VirtioFeature.RING_INDIRECT_DESC.mask(), VirtioFeature.RING_EVENT_IDX.mask(), VirtioFeature.IN_ORDER.mask(),
        };
        return Arbitraries.integers().between(0, 7).map(bits -> {
            long word = VirtioFeature.VERSION_1.mask();
            for (int i = 0; i < optional.length; i++) {
                word |= (bits >>> i & 1) != 0 ? optional[i] : 0;
            }
            return word;
        });
    }
}
