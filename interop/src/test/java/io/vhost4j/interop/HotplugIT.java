// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory is plugged into a running guest, again and again; its traffic goes on, and goes through the new memory too. */
@RequiresPeer(Peer.QEMU)
class HotplugIT {
    private static final int MODULES = 8;
    private static final int MODULE_MEGABYTES = 128;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = "packed=off")
    @Timeout(200)
    void shouldLoseNothingWhenMemoryIsPlugged(String ring) {
        Path socket = folder.resolve("net.sock");
        try (Backend backend = Backend.start(BackendSpec.of(Mode.ICMPECHO, socket));
                QemuGuest guest = QemuGuest.options(Peer.QEMU, "guest", folder)
                        .memoryOptions(",slots=" + MODULES + ",maxmem=4G")
                        .kernel("memhp_default_state=online_kernel")
                        .nic(Nic.on(socket).withDeviceOptions("," + ring))
                        .boot()) {
            guest.raise(0);
            guest.shell()
                    .run("{ wire echo " + Guest.BACKEND_ADDRESS + " 0 5 1400 >/tmp/echo & } ; echo $! >/tmp/process");
            backend.awaitCounters(counters -> counters.toPackets() >= 50, "answers to the guest", LIMIT);
            long before = memory(guest);
            for (int module = 0; module < MODULES; module++) {
                plug(guest, module);
                long wanted = before + (module + 1L) * MODULE_MEGABYTES * 1024L;
                Await.until(() -> memory(guest), now -> now >= wanted, wanted + " KiB in the guest", LIMIT);
            }
            // More than the guest had at first: what is left for packets is mostly new.
            guest.shell().run("mount -o remount,size=90% /tmp && head -c 500m /dev/zero >/tmp/fill", LIMIT);
            guest.ping(200, 5, 1400);
            guest.shell().run("kill $(cat /tmp/process)");
            String end = guest.shell().run("wait; tail -n 1 /tmp/echo");
            System.out.println(ring + ": " + before + " KiB -> " + memory(guest) + " KiB, " + end);
            assertTrue(end.matches("@echo sent=(\\d+) good=\\1 bad=0 again=0"), end);
            guest.powerOff();
            backend.finish();
        }
    }

    private static void plug(QemuGuest guest, int module) {
        guest.command(
                "object-add",
                String.format(
                        Locale.ROOT,
                        "{\"qom-type\":\"memory-backend-memfd\",\"id\":\"more%d\",\"size\":%d,\"share\":true}",
                        module,
                        MODULE_MEGABYTES * 1048576L));
        guest.command(
                "device_add",
                String.format(
                        Locale.ROOT,
                        "{\"driver\":\"pc-dimm\",\"id\":\"module%d\",\"memdev\":\"more%d\"}",
                        module,
                        module));
    }

    /** The guest's memory in KiB, as its kernel counts it. */
    private static long memory(QemuGuest guest) {
        String line = guest.shell().run("grep MemTotal: /proc/meminfo");
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}
