// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What users get wrong: the launcher's script says in one line what to do, and its exit status is not 0. */
@Timeout(120)
class CliIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    @TempDir
    Path folder;

    private static List<String> launcher(String... arguments) {
        List<String> command = new ArrayList<>(List.of(Launcher.script().toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    private static void assertComplains(List<String> command, Map<String, String> environment, String complaint) {
        try (Program program = Program.start("vhost4j", command, environment)) {
            assertNotEquals(0, program.awaitExit(LIMIT), "exit status of " + command);
            List<String> lines = program.err().toEnd(LIMIT);
            assertEquals(1, lines.size(), "lines on standard error: " + lines);
            assertTrue(lines.getFirst().startsWith("vhost4j"), lines.getFirst());
            assertTrue(lines.getFirst().contains(complaint), lines.getFirst());
            assertEquals(List.of(), program.out().toEnd(LIMIT));
        }
    }

    private static void assertComplains(String complaint, String... arguments) {
        assertComplains(launcher(arguments), Launcher.environment(), complaint);
    }

    @Test
    void shouldWantAFolder() {
        assertComplains("no folder", "forward", "--socket", folder + "/none/s");
    }

    @Test
    void shouldLeaveASocketInUseToItsOwner() {
        Path socket = folder.resolve("s");
        try (ForwardBackend first = ForwardBackend.start(BackendSpec.of(Mode.IO, socket))) {
            assertComplains(socket.toString(), "forward", "--socket", socket.toString());
            assertTrue(Files.exists(socket), "the socket of the first is gone");
            first.finish();
        }
    }

    @Test
    void shouldTakeThePlaceOfADeadSocket() {
        Path socket = folder.resolve("s");
        try (ForwardBackend first = ForwardBackend.start(BackendSpec.of(Mode.IO, socket))) {
            first.kill();
            assertTrue(Files.exists(socket), "nothing was left behind");
        }
        try (ForwardBackend second = ForwardBackend.start(BackendSpec.of(Mode.IO, socket))) {
            second.finish();
        }
    }

    @Test
    void shouldNotReplaceAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("text"), "not a socket");
        assertComplains("not a socket", "forward", "--socket", file.toString());
        assertEquals("not a socket", Files.readString(file));
    }

    @Test
    void shouldSayWhereItHasNoPermission() throws IOException {
        Path closed = Files.createDirectory(folder.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
        List<String> command = new ArrayList<>();
        if (ROOT) {
            // without these, root may do no more than the permissions say
            String rights = "-dac_override,-dac_read_search";
            command.addAll(List.of("setpriv", "--bounding-set=" + rights, "--inh-caps=" + rights));
        }
        command.addAll(launcher("forward", "--socket", closed + "/s"));
        assertComplains(command, Launcher.environment(), "permission");
    }

    @Test
    void shouldSayThatAPathIsTooLong() {
        assertComplains(
                "107", "forward", "--socket", folder.resolve("x".repeat(120)).toString());
    }

    @Test
    void shouldNotGuessBetweenConflictingOptions() {
        String socket = folder.resolve("s").toString();
        assertComplains("--no-packed", "forward", "--socket", socket, "--packed", "--no-packed");
        assertComplains("--client", "forward", "--socket", socket, "--no-reconnect");
    }

    @Test
    void shouldKnowItsFeatures() {
        String socket = folder.resolve("s").toString();
        assertComplains("RING_PACKET", "forward", "--socket", socket, "--disable", "RING_PACKET");
    }

    @Test
    void shouldSayWhatAFrontEndLacks() {
        Path socket = folder.resolve("s");
        BackendSpec spec = BackendSpec.of(Mode.ICMPECHO, socket).withOptions("--packed");
        try (ForwardBackend backend = ForwardBackend.start(spec);
                Launcher split = Launcher.start(List.of("ping", "--socket", socket.toString(), "--count", "1"))) {
            Program program = backend.launcher().program();
            assertNotEquals(0, program.awaitExit(LIMIT));
            List<String> lines = program.err().toEnd(LIMIT);
            assertEquals(1, lines.size(), "lines on standard error: " + lines);
            assertTrue(lines.getFirst().contains("--packed"), lines.getFirst());
            assertNotEquals(0, split.program().awaitExit(LIMIT), "exit status of ping");
        }
    }

    @Test
    void shouldSayThatNativeAccessIsDenied() {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assumeTrue(Runtime.version().feature() >= 24, "older JDKs cannot deny native access");
        String programs =
                Launcher.script().resolveSibling("target").resolve("dist").toString();
        List<String> command = List.of(
                java,
                "--illegal-native-access=deny",
                "-p",
                programs,
                "-m",
                "io.vhost4j.examples/io.vhost4j.examples.Main",
                "forward",
                "--socket",
                folder.resolve("s").toString());
        assertComplains(command, Map.of(), "--enable-native-access=io.vhost4j.core");
    }

    @Test
    void shouldSayThatAFolderIsNoJdk() {
        assertComplains(
                launcher("doctor"), Map.of("VHOST4J_JAVA_HOME", folder.toString()), "VHOST4J_JAVA_HOME=" + folder);
    }

    /** Takes all places where JDKs may be out of sight of the script. */
    @Test
    void shouldSayThatThereIsNoJdk() {
        assumeTrue(ROOT && canHideFolders(), "hiding the machine's JDKs needs root and a mount namespace");
        Map<String, String> environment = new HashMap<>(Map.of("HOME", folder.toString(), "PATH", "/usr/bin:/bin"));
        environment.putAll(Map.of("JAVA_HOME", "", "VHOST4J_JAVA_HOME", ""));
        String hide = "for place in /usr/lib/jvm /usr/java /opt/java; do"
                + " [ ! -d $place ] || mount -t tmpfs none $place || exit 0; done; exec \"$0\" \"$@\"";
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", hide));
        command.addAll(launcher("doctor"));
        assertComplains(command, environment, "no JDK 22 or newer found");
    }

    private boolean canHideFolders() {
        List<String> command = List.of("unshare", "--mount", "mount", "-t", "tmpfs", "none", folder.toString());
        try (Program program = Program.start("unshare", command, Map.of())) {
            return program.awaitExit(LIMIT) == 0;
        }
    }
}
