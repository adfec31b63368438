// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A Linux guest under the distribution's QEMU pings the back-end, whatever its card is told. */
@RequiresPeer(Peer.QEMU)
class QemuPingIT {
    @TempDir
    Path folder;

    static List<PingVariant> variants() {
        return PingVariant.all();
    }

    @ParameterizedTest
    @MethodSource("variants")
    @Timeout(120)
    void shouldAnswerEveryPing(PingVariant variant) {
        variant.run(Peer.QEMU, folder);
    }
}
