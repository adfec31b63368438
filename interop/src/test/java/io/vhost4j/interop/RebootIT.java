// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest that starts again and again leaves nothing behind in the back-end. */
@RequiresPeer(Peer.QEMU)
class RebootIT {
    /** Reboots, half of them by the guest itself and half by a reset from outside. */
    private static final int CYCLES = Integer.getInteger("vhost4j.interop.reboots", 20);

    @TempDir
    Path folder;

    /** What the kernel says that the back-end's process holds of the front-end: descriptors and mappings of its memory. */
    private record Held(long descriptors, long mappings) {}

    @Test
    @Timeout(900)
    void shouldHoldTheSameAfterEveryReboot() {
        Path socket = folder.resolve("net.sock");
        try (ForwardBackend backend = ForwardBackend.start(BackendSpec.of(Mode.ICMPECHO, socket))) {
            long pid = backend.launcher().program().pid();
            Held idle = held(pid);
            try (QemuGuest guest = QemuGuest.options(Peer.QEMU, "guest", folder)
                    .nic(Nic.on(socket))
                    .boot()) {
                pingOnce(guest);
                Held second = null;
                for (int cycle = 0; cycle < CYCLES; cycle++) {
                    if (cycle % 2 == 0) {
                        guest.reset();
                    } else {
                        guest.shell().start("reboot -f");
                    }
                    guest.shell().awaitBoot();
                    pingOnce(guest);
                    Held now = held(pid);
                    second = second == null ? now : second; // QEMU sends its error descriptors at its own start only
                    assertEquals(second, now, "after cycle " + cycle);
                }
                guest.powerOff();
            }
            backend.awaitDevicesDown(1);
            checkFigures(backend.launcher().events("device_down").getLast());
            Await.until(
                    () -> held(pid),
                    idle::equals,
                    "as few descriptors and mappings as before: " + idle,
                    Program.END_LIMIT);
            backend.finish();
        }
    }

    /** What the launcher says when the connection has ended: all buffers are back. */
    private static void checkFigures(Map<String, Object> down) {
        System.out.println("after " + CYCLES + " cycles: " + down);
        assertEquals(0, Json.number(down, "buffers"), "buffers after every cycle: " + down);
    }

    private static void pingOnce(QemuGuest guest) {
        guest.raise(0);
        guest.ping(5, 20, 1400);
    }

    private static Held held(long pid) {
        Path process = Path.of("/proc", String.valueOf(pid));
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"));
                Stream<String> mappings = Files.lines(process.resolve("maps"))) {
            return new Held(
                    descriptors
                            .map(RebootIT::target)
                            .filter(RebootIT::fromFrontEnd)
                            .count(),
                    mappings.filter(RebootIT::fromFrontEnd).count());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed between listing and reading
        }
    }

    private static boolean fromFrontEnd(String text) {
        return text.contains("socket:") || text.contains("[eventfd]") || text.contains("/memfd:memory-backend-memfd");
    }
}
