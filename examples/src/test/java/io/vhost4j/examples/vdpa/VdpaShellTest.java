// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.packet.Packet;
import io.vhost4j.vdpa.VdpaBus;
import io.vhost4j.virtiouser.VirtioUser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Commands for devices that serve. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class VdpaShellTest {
    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Output output = new Output(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false);
    private final List<VdpaPort> ports = new ArrayList<>();

    @BeforeEach
    void open() {
        VdpaBus bus = VdpaBus.create();
        VdpaSettings settings = new VdpaSettings(
                List.of("sim:loopback", "sim:net"), List.of(folder.resolve("a"), folder.resolve("b")), false, true);
        for (int i = 0; i < 2; i++) {
            VdpaPort port = new VdpaPort(bus, settings, i, output, false);
            ports.add(port);
            port.start();
        }
    }

    @AfterEach
    void close() {
        ports.forEach(VdpaPort::close);
    }

    /** Gives commands to a shell for some ports, and waits until it has done them; what it wrote is the result. */
    private String tell(List<VdpaPort> to, String... commands) throws InterruptedException {
        out.reset();
        err.reset();
        StopSignal stop = new StopSignal();
        String text = String.join("\n", commands) + "\nquit\n";
        new VdpaShell(to, new VdpaReport(output, false), output, stop)
                .start(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        assertTrue(stop.await(TimeUnit.SECONDS.toNanos(30)), "the end that was asked for");
        return out.toString(StandardCharsets.UTF_8);
    }

    private String complaints() {
        return err.toString(StandardCharsets.UTF_8).strip();
    }

    @Test
    void shouldShowDevices() throws InterruptedException {
        String shown = tell(ports, "list", "", "config sim:net", "stats", "unknown");
        List<String> loopback =
                shown.lines().filter(line -> line.startsWith("sim:loopback")).toList();
        assertEquals(1, loopback.size(), shown);
        for (String word :
                List.of("SOFTWARE", "VIRTIO", "NET", folder.resolve("a").toString(), "nobody")) {
            assertTrue(loopback.getFirst().contains(word), word + " in " + loopback);
        }
        assertTrue(shown.contains("sim:net: 02 "), "its MAC address: " + shown);
        assertEquals(2, shown.split("commands: list", -1).length - 1, "help at the start and for what is unknown");
        assertEquals("", complaints());
    }

    @Test
    void shouldComplainAndGoOn() throws InterruptedException {
        String shown = tell(ports, "attach", "detach nobody", "attach sim:net", "list");
        List<String> lines = complaints().lines().toList();
        assertEquals(3, lines.size(), lines::toString);
        assertTrue(lines.get(0).contains("no device '' here: use list"), lines.get(0));
        assertTrue(lines.get(1).contains("no device 'nobody'"), lines.get(1));
        assertTrue(lines.get(2).contains("bound to vhost already"), lines.get(2));
        assertTrue(shown.contains("sim:loopback"), "what came after them is done: " + shown);
    }

    @Test
    void shouldExchangeWhoServes() throws InterruptedException {
        VdpaPort port = ports.getFirst();
        try (VirtioUser front = VirtioUser.builder(port.socket()).connect()) {
            exchange(front);
            assertEquals("sim:loopback", port.server());
            // one port needs no name
            String shown = tell(List.of(port), "detach");
            awaitServer(port, "library");
            assertFalse(shown.contains("bound"), shown);
            exchange(front);
            while (port.echoed() == 0) { // it is counted after the guest has it
                Thread.yield();
            }
            assertEquals(1, port.echoed());
            shown = tell(List.of(port), "stats", "attach", "detach", "attach sim:loopback");
            awaitServer(port, "sim:loopback");
            assertTrue(shown.contains("sim:loopback: library echoed=1"), shown);
            exchange(front);
            do {
                shown = tell(List.of(port), "stats");
            } while (shown.contains("ring 1 frames=0"));
            assertTrue(shown.contains("ring 1 frames=1"), shown);
            assertEquals("", complaints());
        }
    }

    private static void awaitServer(VdpaPort port, String server) {
        while (!port.server().equals(server)) {
            Thread.yield();
        }
    }

    /** A packet there and back. */
    private static void exchange(VirtioUser front) {
        Packet packet = Objects.requireNonNull(front.pool().allocate());
        packet.append(100);
        assertEquals(1, front.transmit(0, new Packet[] {packet}, 0, 1));
        Packet[] back = new Packet[1];
        while (front.receive(0, back, 0, 1) == 0) {
            Thread.yield();
        }
        back[0].free();
        while (front.reclaim(0) > 0) {
            Thread.yield();
        }
    }
}
