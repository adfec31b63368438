// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vhost4j.VhostException;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.examples.cli.Output;
import io.vhost4j.vdpa.VdpaBus;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
@Timeout(60)
class VdpaPortTest {
    @TempDir
    private Path folder;

    private final VdpaBus bus = VdpaBus.create();
    private final Output output = new Output(
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            false);

    private VdpaPort open(String device, String socket, boolean echo) {
        VdpaSettings settings = new VdpaSettings(List.of(device), List.of(folder.resolve(socket)), false, echo);
        return new VdpaPort(bus, settings, 0, output, false);
    }

    @Test
    void shouldOpenNoDeviceWithoutASocket() {
        try (VdpaPort _ = open("sim:loopback", "s", false)) {
            assertThrows(VhostException.class, () -> open("sim:net", "s", true), "the socket is taken");
            assertEquals(1, bus.list().size());
        }
        assertEquals(List.of(), bus.list());
    }

    @Test
    void shouldGiveTheSocketBackWithoutADevice() {
        assertThrows(VhostException.class, () -> open("sim:loopback,colour=red", "s", true));
        open("sim:loopback", "s", true).close();
        assertEquals(List.of(), bus.list());
    }
}
