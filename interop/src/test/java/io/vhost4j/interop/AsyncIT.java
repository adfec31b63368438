// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The peers against a back-end whose rings have DMA channels: a thread copies. Other tests do the same with
 * {@code -Dvhost4j.interop.async=thread}.
 */
class AsyncIT {
    /** Which combinations of testpmd's matrix: each of so many. */
    private static final int EACH = Integer.getInteger("vhost4j.interop.async.each", 5);

    /** Everything is copied by the channel, small packets too. */
    private static final String[] ALL = {"--async", "thread", "--async-threshold", "0"};

    private static final String[] LARGE = {"--async", "thread"};

    @TempDir
    Path folder;

    static List<MatrixCase> combinations() {
        List<MatrixCase> pairs = MatrixCase.everyPair();
        return IntStream.range(0, pairs.size())
                .filter(i -> i % EACH == 0)
                .mapToObj(pairs::get)
                .toList();
    }

    static List<PingVariant> variants() {
        return PingVariant.few().subList(0, 2);
    }

    @ParameterizedTest
    @MethodSource("combinations")
    @Timeout(120)
    @RequiresPeer(Peer.TESTPMD)
    void shouldCountTheSameAtBothEnds(MatrixCase combination) {
        MatrixCase.Result result = combination.run(folder, combination.bytes() < 256 ? ALL : LARGE);
        System.out.println(Peers.version(Peer.TESTPMD) + ", async, " + combination + ": " + result);
    }

    @ParameterizedTest
    @MethodSource("variants")
    @Timeout(120)
    @RequiresPeer(Peer.QEMU)
    void shouldAnswerEveryPing(PingVariant variant) {
        variant.run(Peer.QEMU, folder, ALL);
    }
}
