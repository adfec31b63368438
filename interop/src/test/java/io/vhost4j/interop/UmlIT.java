// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A front-end that shares no code with QEMU or DPDK: that of user-mode Linux. */
@RequiresPeer(Peer.UML)
class UmlIT {
    /**
     * User-mode Linux hands all that the back-end offers on to its guest, but serves neither a control queue nor a
     * configuration space, so what needs them must not be offered; nor packed rings, whose base it sends without the wrap
     * counter.
     */
    private static final String WITHHELD =
            "MTU,STATUS,CTRL_VQ,CTRL_RX,CTRL_VLAN,GUEST_ANNOUNCE,MQ,CTRL_MAC_ADDR,RING_PACKED";

    private static final int MRG_RXBUF = 15;
    private static final int MQ = 22;
    private static final int VERSION_1 = 32;

    @TempDir
    Path folder;

    @Test
    @Timeout(120)
    void shouldAnswerEveryPing() {
        Path socket = folder.resolve("net.sock");
        BackendSpec spec = BackendSpec.of(Mode.ICMPECHO, socket).withOptions("--disable", WITHHELD);
        try (Backend backend = Backend.start(spec);
                UmlGuest guest = UmlGuest.boot(folder, socket)) {
            assertTrue(guest.hasFeature("eth0", VERSION_1));
            assertTrue(guest.hasFeature("eth0", MRG_RXBUF));
            assertFalse(guest.hasFeature("eth0", MQ));
            guest.raise(0);
            guest.ping(50, 20, 56);
            guest.ping(50, 20, 1400);
            guest.powerOff();
            Counters counters = backend.finish();
            assertTrue(counters.toPackets() >= 100, "the back-end sent " + counters);
        }
    }
}
