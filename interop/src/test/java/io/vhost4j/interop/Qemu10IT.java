// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same guest under a newer QEMU, with interrupts by MSI-X. */
@RequiresPeer(Peer.QEMU10)
class Qemu10IT {
    @TempDir
    Path folder;

    static List<PingVariant> variants() {
        return PingVariant.few();
    }

    @ParameterizedTest
    @MethodSource("variants")
    @Timeout(120)
    void shouldAnswerEveryPing(PingVariant variant) {
        variant.run(Peer.QEMU10, folder);
    }
}
