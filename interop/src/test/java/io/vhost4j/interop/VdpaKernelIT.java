// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The kernel's vDPA bus in a guest: its simulated network device, and our data path as a device of it. By hand: needs modules. */
@RequiresPeer({Peer.QEMU, Peer.TESTPMD})
@Timeout(300)
class VdpaKernelIT {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    /** What frames of {@link WindowedFlow} are for. */
    private static final String MAC = "02:00:00:00:00:01";

    private static final long PACKETS = 100_000;
    private static final int FIRST_BURST = 32;
    private static final int COUNT = 20_000;
    /** Of each ring, so as many receive buffers. */
    private static final int RING = 256;

    private static VdpaGuest guest;

    @BeforeAll
    static void boot(@TempDir Path folder) {
        assumeTrue(Peers.find("vdpa.modules").isPresent(), "no vDPA modules: interop/peers.sh --vdpa builds them");
        guest = VdpaGuest.bootSimulator(folder, MAC);
    }

    @AfterAll
    static void close() {
        if (guest != null) {
            guest.close();
        }
    }

    @AfterEach
    void endAll() {
        guest.shell().run("end_all");
    }

    @Test
    void shouldServeTestpmdByTheSimulator() {
        guest.serve("");
        // it takes only what is for it, or for all
        guest.startTestpmd(false, "io --eth-peer=0,ff:ff:ff:ff:ff:ff --tx-first");
        Await.until(
                () -> guest.shell().run("grep RX-packets: /tmp/testpmd.out | tail -n 1"),
                line -> line.matches("\\s*RX-packets: [0-9]{6,}.*"),
                "packets back: " + PACKETS,
                LIMIT);
        guest.end("testpmd");
        long sent = guest.told("testpmd", "TX-packets:");
        long back = guest.told("testpmd", "RX-packets:");
        System.out.println("testpmd sent " + sent + ", back " + back);
        assertTrue(sent > PACKETS);
        // the first burst is not counted; what was on the way at the end is one burst as well
        assertTrue(Math.abs(sent - back) <= FIRST_BURST, sent + " sent, " + back + " back");
        guest.awaitText("serve", "device_down");
        assertEquals(0, guest.lockedKib("serve"), "KiB locked while no front-end is there");
        guest.end("serve");
    }

    private static long lostWith(int window) {
        guest.launch("flow", WindowedFlow.class, "/dev/vhost-vdpa-0", window, COUNT);
        guest.shell().run("await flow done; ended flow", LIMIT);
        long lost = guest.told("flow", "lost=");
        System.out.println(lost + " of " + COUNT + " lost, " + window + " sent before any was taken");
        assertEquals(COUNT, guest.told("flow", "sent="));
        return lost;
    }

    /** The simulator drops a frame when the receive ring has no buffer, and no other. */
    @Test
    void shouldLoseNothingWhileThereAreReceiveBuffers() {
        assertEquals(0, lostWith(RING / 4));
        assertTrue(lostWith(4 * RING) > 0, "more are sent than there are receive buffers");
    }

    @Test
    void shouldBeADeviceOfTheKernels() {
        guest.vhost4j("forward", "forward --socket /dev/vduse/lab0 --mode icmpecho");
        GuestShell shell = guest.shell();
        shell.run("until [ -e /dev/vduse/lab0 ]; do usleep 50000; done");
        shell.run("until on_host vdpa dev add name lab0 mgmtdev vduse; do usleep 200000; done");
        // the bus gives new devices to the first of its drivers
        shell.run("cd /sys/bus/vdpa/drivers; echo lab0 >vhost_vdpa/unbind; echo lab0 >virtio_vdpa/bind; cd /");
        shell.run("until [ -e /sys/class/net/eth2 ]; do usleep 50000; done; setup eth2 10.1.0.2");
        shell.run("wire echo 10.1.0.1 50 20 56", LIMIT);
        shell.run("wire echo 10.1.0.1 50 20 1400", LIMIT);
        shell.run("on_host vdpa dev del lab0");
        guest.end("forward");
        assertTrue(guest.told("forward", "\"from_guest_packets\":") >= 100);
    }
}
