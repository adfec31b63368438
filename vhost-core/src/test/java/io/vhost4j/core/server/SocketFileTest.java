// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostDriver;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.RecordingOps;
import io.vhost4j.spi.VhostProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class SocketFileTest {
    @TempDir
    private Path folder;

    private final VhostProvider provider = new CoreProvider();
    private Path path;

    @BeforeEach
    void choosePath() {
        path = folder.resolve("sock");
    }

    private VhostDriver register(Path where) {
        VhostDriver driver = provider.register(where);
        driver.callbackRegister(new RecordingOps());
        return driver;
    }

    private static int mode(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:mode") & 07777;
    }

    private static String refusal(VhostDriver driver) {
        try (driver) {
            return assertThrows(ConfigurationException.class, driver::start).getMessage();
        }
    }

    @Test
    void shouldRemoveItsFileAtTheEnd() {
        VhostDriver driver = register(path);
        assertFalse(Files.exists(path));
        driver.start();
        assertTrue(Files.exists(path));
        driver.close();
        assertFalse(Files.exists(path));
    }

    @Test
    void shouldReplaceAStaleFile() {
        try (UnixSocket dead = UnixSocket.open()) {
            dead.bind(path.toString());
        }
        assertTrue(Files.exists(path));
        try (VhostDriver driver = register(path)) {
            driver.start();
            FakeFrontend.connect(path.toString()).close();
        }
    }

    @Test
    void shouldRefuseAPathInUseAndLeaveItAlone() {
        try (UnixSocket other = UnixSocket.open()) {
            other.bind(path.toString());
            other.listen(1);
            String message = refusal(register(path));
            assertTrue(message.contains(path + " is in use by another process"), message);
            FakeFrontend.connect(path.toString()).close();
        }
    }

    @Test
    void shouldNeverRemoveAFileThatIsNoSocket() throws IOException {
        Files.writeString(path, "precious");
        String message = refusal(register(path));
        assertTrue(message.contains("is not a socket"), message);
        assertEquals("precious", Files.readString(path));

        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, path);
        assertTrue(refusal(register(link)).contains("is not a socket"));
        assertTrue(Files.isSymbolicLink(link));
    }

    @Test
    void shouldLeaveAFileThatSomebodyPutInItsPlace() throws IOException {
        try (VhostDriver driver = register(path)) {
            driver.start();
            Files.delete(path);
            Files.writeString(path, "another");
        }
        assertEquals("another", Files.readString(path));
    }

    @Test
    void shouldSayThatTheFolderIsMissing() {
        String message = refusal(register(folder.resolve("none").resolve("sock")));
        assertTrue(message.contains("folder does not exist"), message);
    }

    @Test
    void shouldSetModeAndOwner() throws IOException {
        VhostDriver driver = register(path);
        driver.setSocketMode(0620);
        driver.setSocketOwner((Integer) Files.getAttribute(folder, "unix:uid"), -1);
        try (driver) {
            driver.start();
            assertEquals(0620, mode(path));
        }
    }

    @Test
    void shouldNotListenWithTheWrongOwner() throws IOException {
        VhostDriver driver = register(path);
        driver.setSocketOwner(Integer.MAX_VALUE, Integer.MAX_VALUE);
        boolean allowed = (Integer) Files.getAttribute(folder, "unix:uid") == 0;
        try (driver) {
            if (allowed) {
                driver.start();
                assertEquals(Integer.MAX_VALUE, (Integer) Files.getAttribute(path, "unix:uid"));
            } else {
                assertThrows(ConfigurationException.class, driver::start);
                assertFalse(Files.exists(path));
            }
        }
    }
}
