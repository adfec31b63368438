// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A Linux guest whose crypto device the command {@code crypto} serves, with nothing between it and QEMU. Its kernel tests the algorithm before it
 * offers it; then random requests through the kernel's interface for programs have the same results as the JDK's ciphers.
 */
@Timeout(300)
class CryptoIT {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final long SEED = 0x5eed_0001L;
    private static final int REQUESTS = Integer.getInteger("vhost4j.interop.crypto.requests", 400);
    private static final String DRIVER = "virtio_crypto_aes_cbc";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"", ",packed=on", ",event_idx=off,indirect_desc=off"})
    @RequiresPeer(Peer.QEMU)
    void shouldEncryptAsTheJdkDoes(String device) {
        assertEncrypts(Peer.QEMU, device, 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",packed=on"})
    @RequiresPeer(Peer.QEMU10)
    void shouldEncryptAsTheJdkDoesWithTheNewerQemu(String device) {
        assertEncrypts(Peer.QEMU10, device, 1);
    }

    @Test
    @RequiresPeer(Peer.QEMU)
    void shouldServeSeveralQueues() {
        assertEncrypts(Peer.QEMU, "", 2);
    }

    private void assertEncrypts(Peer peer, String device, int queues) {
        Path socket = folder.resolve("crypto.sock");
        try (Launcher backend = Launcher.start(List.of("crypto", "--socket", socket.toString()))) {
            backend.await("listening", event -> true, START_LIMIT);
            try (QemuGuest guest = boot(peer, socket, device, queues)) {
                GuestShell shell = guest.shell();
                shell.run("load crypto");
                shell.run(selfTest("passed"));
                // the first queue serves the first CPU
                for (int cpu = 0; cpu < queues; cpu++) {
                    String found = shell.run(
                            "taskset " + (1 << cpu) + " alg " + DRIVER + " " + (SEED + cpu) + " " + REQUESTS, LIMIT);
                    assertEquals(new AlgRequests(SEED + cpu).digests(REQUESTS), found);
                }
                guest.powerOff();
            }
            Map<String, Object> summary = backend.finish();
            assertTrue(Json.number(summary, "ok") >= (long) queues * REQUESTS, summary.toString());
            assertEquals(Json.number(summary, "requests"), Json.number(summary, "ok"));
            assertEquals(0, Json.number(summary, "dropped"));
            assertEquals(0, Json.number(summary, "sessions"));
        }
    }

    private QemuGuest boot(Peer peer, Path socket, String device, int queues) {
        // as for network cards
        String vectors = Peers.chosen(peer) == Peer.QEMU ? ",vectors=0" : "";
        return QemuGuest.options(peer, "crypto", folder)
                .cpus(queues)
                .arguments(
                        "-chardev",
                        "socket,id=crypto,path=" + socket,
                        "-object",
                        "cryptodev-vhost-user,id=cryptodev,chardev=crypto,queues=" + queues,
                        "-device",
                        "virtio-crypto-pci,cryptodev=cryptodev" + vectors + device)
                .boot();
    }

    /** Waits for the end of the kernel's own tests, whose result is three lines below the driver's name. */
    private static String selfTest(String result) {
        String state = "grep -A 4 'driver *: " + DRIVER + "' /proc/crypto | grep selftest";
        return "while " + state + " | grep -q unknown || ! " + state + "; do usleep 100000; done; " + state + " | grep "
                + result;
    }
}
