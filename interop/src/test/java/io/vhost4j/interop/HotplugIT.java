// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory is plugged into a running guest, again and again; its traffic goes on, and goes through the new memory too. */
@RequiresPeer(Peer.QEMU)
class HotplugIT {
    private static final int MODULES = 8;
    private static final int MODULE_MEGABYTES = 128;
    private static final long MODULE_KIB = MODULE_MEGABYTES * 1024L;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed=off", "packed=on"})
    @Timeout(300)
    void shouldLoseNothingWhenMemoryIsPlugged(String ring) {
        Path socket = folder.resolve("net.sock");
        try (Backend backend = Backend.start(BackendSpec.of(Mode.ICMPECHO, socket));
                QemuGuest guest = start(socket, ring, "online_kernel")) {
            startEchoes(guest, backend);
            long before = memory(guest);
            for (int module = 0; module < MODULES; module++) {
                plug(guest, module);
                awaitMemory(guest, before + (module + 1L) * MODULE_KIB);
            }
            // More than the guest had at first: what is left for packets is mostly new.
            guest.shell().run("mount -o remount,size=90% /tmp && head -c 200m /dev/zero >/tmp/fill", LIMIT);
            guest.ping(200, 5, 1400);
            System.out.println(ring + ": " + before + " KiB -> " + memory(guest) + " KiB");
            finish(guest, backend);
        }
    }

    /** Memory is unplugged as well: the back-end must not hold on to what is gone, and nothing else may suffer. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed=off", "packed=on"})
    @Timeout(300)
    void shouldLoseNothingWhenMemoryIsUnplugged(String ring) {
        Path socket = folder.resolve("net.sock");
        try (ForwardBackend backend = ForwardBackend.start(BackendSpec.of(Mode.ICMPECHO, socket));
                QemuGuest guest = start(socket, ring, "online_movable")) {
            startEchoes(guest, backend);
            long before = memory(guest);
            long mappings = mappings(backend);
            for (int module = 0; module < MODULES; module++) {
                plug(guest, module);
                awaitMemory(guest, before + MODULE_KIB);
                assertEquals(mappings + 1, mappings(backend), "the back-end's mappings of guest memory");
                unplug(guest, module);
                assertEquals(before, memory(guest));
                assertEquals(mappings, mappings(backend), "the back-end's mappings of guest memory");
            }
            System.out.println(ring + ": " + MODULES + " times plugged and unplugged");
            finish(guest, backend);
        }
    }

    private QemuGuest start(Path socket, String ring, String state) {
        return QemuGuest.options(Peer.QEMU, "guest", folder)
                .memoryOptions(",slots=" + MODULES + ",maxmem=4G")
                .kernel("memhp_default_state=" + state)
                .nic(Nic.on(socket).withDeviceOptions("," + ring))
                .boot();
    }

    private static void startEchoes(QemuGuest guest, Backend backend) {
        guest.raise(0);
        guest.shell().run("{ wire echo " + Guest.BACKEND_ADDRESS + " 0 5 1400 >/tmp/echo & } ; echo $! >/tmp/process");
        backend.awaitCounters(counters -> counters.toPackets() >= 50, "answers to the guest", LIMIT);
    }

    private static void finish(QemuGuest guest, Backend backend) {
        guest.shell().run("kill $(cat /tmp/process); wait $(cat /tmp/process); true", LIMIT);
        Figures end = Figures.last(guest.shell().run("tail -n 2 /tmp/echo"), "@echo");
        System.out.println(end.line());
        assertTrue(end.line().matches("@echo sent=(\\d+) good=\\1 bad=0 again=0 refused=0"), end.line());
        guest.powerOff();
        backend.finish();
    }

    private static void awaitMemory(QemuGuest guest, long kib) {
        Await.until(() -> memory(guest), now -> now >= kib, kib + " KiB in the guest", LIMIT);
    }

    /** How many mappings of the guest's memory the back-end has. */
    private static long mappings(ForwardBackend backend) {
        Path maps = Path.of("/proc", String.valueOf(backend.launcher().program().pid()), "maps");
        try (Stream<String> lines = Files.lines(maps)) {
            return lines.filter(line -> line.contains("/memfd:memory-backend-memfd"))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks the guest to give a module back, and takes it away. */
    private static void unplug(QemuGuest guest, int module) {
        guest.command("device_del", "{\"id\":\"module" + module + "\"}");
        Await.until(
                () -> guest.command("query-memory-devices"),
                devices -> Json.asList(devices).isEmpty(),
                "the guest to give memory back",
                LIMIT);
        guest.command("object-del", "{\"id\":\"more" + module + "\"}");
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
