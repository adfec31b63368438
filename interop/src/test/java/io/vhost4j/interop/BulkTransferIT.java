// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two guests send each other a file by TCP through the back-end, with segmentation and checksums left to the receiver. */
@RequiresPeer(Peer.QEMU)
class BulkTransferIT {
    /** The size of the file in megabytes. */
    private static final int MEGABYTES = Integer.getInteger("vhost4j.interop.bulk.megabytes", 50);

    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final int PORT = 5000;
    /** No frame of a plain Ethernet is longer, so a higher average shows that segmentation was left out. */
    private static final int ETHERNET_FRAME = 1514;

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed=off", "packed=on"})
    @Timeout(600)
    void shouldDeliverTheSameBytes(String ring) {
        Path left = folder.resolve("left.sock");
        Path right = folder.resolve("right.sock");
        try (Backend backend = Backend.start(BackendSpec.of(Mode.IO, left, right));
                QemuGuest a = start("left", left, ring);
                QemuGuest b = start("right", right, ring)) {
            a.shell().awaitBoot();
            b.shell().awaitBoot();
            a.shell().run("setup eth0 10.0.0.2");
            b.shell().run("setup eth0 10.0.0.3");
            checkOffloads(a);
            checkOffloads(b);
            transfer(a, b, "10.0.0.3");
            transfer(b, a, "10.0.0.2");
            a.powerOff();
            b.powerOff();
            Counters counters = backend.finish();
            System.out.println(Peers.version(Peer.QEMU) + ", " + ring + ": " + counters);
        }
    }

    private QemuGuest start(String name, Path socket, String ring) {
        return QemuGuest.options(Peer.QEMU, name, folder)
                .memory(160 + MEGABYTES * 5 / 4)
                .nic(Nic.on(socket).withDeviceOptions("," + ring))
                .start();
    }

    private static void checkOffloads(QemuGuest guest) {
        String offloads = guest.shell().run("ethtool -k eth0");
        assertTrue(offloads.contains("tcp-segmentation-offload: on"), offloads);
        assertTrue(offloads.contains("tx-checksumming: on"), offloads);
    }

    private static void transfer(QemuGuest from, QemuGuest to, String address) {
        String sum = from.shell().run("random /tmp/file " + MEGABYTES, LIMIT);
        long bytesBefore = counter(from, "tx_bytes");
        long framesBefore = counter(from, "tx_packets");
        int mark = to.shell().mark();
        int taking = to.shell().start("wire take " + PORT + " >/tmp/file");
        to.shell().log().await(mark, line -> line.endsWith("@listening " + PORT), "a listener", LIMIT);
        long start = System.nanoTime();
        from.shell().run("wire give " + address + " " + PORT + " </tmp/file", LIMIT);
        assertEquals(0, to.shell().awaitEnd(mark, taking, LIMIT).status());
        double seconds = (System.nanoTime() - start) / 1e9;
        assertEquals(sum, to.shell().run("sum /tmp/file", LIMIT));
        long frames = counter(from, "tx_packets") - framesBefore;
        long average = (counter(from, "tx_bytes") - bytesBefore) / frames;
        System.out.printf("%d MB in %.1f s, average frame %d bytes, sha256 %s%n", MEGABYTES, seconds, average, sum);
        assertTrue(average > ETHERNET_FRAME, "average frame: " + average);
        from.shell().run("rm /tmp/file");
        to.shell().run("rm /tmp/file");
    }

    private static long counter(QemuGuest guest, String name) {
        return Long.parseLong(
                guest.shell().run("cat /sys/class/net/eth0/statistics/" + name).trim());
    }
}
