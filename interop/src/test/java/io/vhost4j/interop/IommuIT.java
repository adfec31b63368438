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

/**
 * A guest whose cards are behind an IOMMU: all addresses that the back-end gets are I/O virtual ones. The guest's kernel takes
 * every translation back as soon as a buffer has come back ({@code iommu.strict=1}), so each packet costs an invalidation.
 */
@RequiresPeer(Peer.QEMU)
class IommuIT {
    /** The size of the file in megabytes. */
    private static final int MEGABYTES = Integer.getInteger("vhost4j.interop.iommu.megabytes", 8);

    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int PORT = 5000;
    private static final int ACCESS_PLATFORM = 33;
    private static final int RING_PACKED = 34;
    private static final String APART = "10.0.0.3";

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed=off", "packed=on"})
    @Timeout(600)
    void shouldDeliverTheSameBytes(String ring) {
        Path near = folder.resolve("near.sock");
        Path far = folder.resolve("far.sock");
        Path counted = folder.resolve("counted.sock");
        BackendSpec spec = BackendSpec.of(Mode.IO, near, far).withOptions("--iommu");
        try (ForwardBackend backend = ForwardBackend.start(spec);
                Middleman middleman = Middleman.countingInvalidations(counted, near);
                QemuGuest guest = start(ring, counted, far)) {
            assertTrue(guest.hasFeature("eth0", ACCESS_PLATFORM), "the card is not behind the IOMMU");
            assertEquals("packed=on".equals(ring), guest.hasFeature("eth0", RING_PACKED));
            guest.raise(0);
            guest.shell().run("apart eth1 " + APART);
            // while its address is being asked for, the guest keeps only some packets for a receiver
            guest.shell().run("until wire echo " + APART + " 1 100 56 >/dev/null; do :; done", LIMIT);
            guest.shell().run("wire echo " + APART + " 100 10 1400", LIMIT);
            transfer(guest, ring);
            guest.shell().run("wire echo " + APART + " 100 10 1400", LIMIT);
            guest.powerOff();
            Counters counters = backend.finish();
            int invalidations = middleman.counted();
            System.out.println(ring + ": " + invalidations + " invalidations, " + counters);
            assertTrue(invalidations > 2 * 100, "invalidations: " + invalidations);
        }
    }

    private QemuGuest start(String ring, Path... sockets) {
        QemuGuest.Options options = QemuGuest.options(Peer.QEMU, "guest", folder)
                .memory(256 + MEGABYTES * 5 / 2)
                .kernel("intel_iommu=on iommu=nopt iommu.strict=1")
                .arguments("-machine", "q35", "-device", "intel-iommu,intremap=on,device-iotlb=on,aw-bits=48");
        for (Path socket : sockets) {
            options.nic(Nic.on(socket).withDeviceOptions(",disable-legacy=on,iommu_platform=on,ats=on," + ring));
        }
        return options.boot();
    }

    private static void transfer(QemuGuest guest, String ring) {
        GuestShell shell = guest.shell();
        String sum = shell.run("random /tmp/file " + MEGABYTES, LIMIT);
        int mark = shell.mark();
        shell.run("{ inside wire take " + PORT + " >/tmp/taken & } ; echo $! >/tmp/taking");
        shell.log().await(mark, line -> line.endsWith("@listening " + PORT), "a listener", LIMIT);
        long start = System.nanoTime();
        shell.run("wire give " + APART + " " + PORT + " </tmp/file && wait $(cat /tmp/taking)", LIMIT);
        double seconds = (System.nanoTime() - start) / 1e9;
        assertEquals(sum, shell.run("sum /tmp/taken", LIMIT));
        System.out.printf("%s: %d MB in %.1f s, sha256 %s%n", ring, MEGABYTES, seconds, sum);
    }
}
